// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "host_shim/aft_plugin.h"

namespace aft {
namespace {

aft_plugin_init_function LoadInit() {
  void* library = ::dlopen(AFT_PLUGIN_PATH, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<aft_plugin_init_function>(::dlsym(library, "aft_plugin_init"));
}

aft_host SilentHost() {
  aft_host host{};
  host.size = sizeof host;
  host.write = [](void*, int, const char*, size_t) {};
  host.signal_child = [](void*, int) {};
  return host;
}

class PluginAbi : public ::testing::Test {
 protected:
  aft_plugin_init_function init_ = LoadInit();
  aft_host host_ = SilentHost();
  aft_error error_{};
  // Starts `true` in dbt's place, which needs no project.
  std::array<const char*, 5> argv_ = {"aft", "dbt", "--aft-dbt", "/bin/true", "debug"};
};

TEST_F(PluginAbi, RefusesAVersionThatItDoesNotSpeak) {
  aft_plugin plugin{};
  plugin.size = sizeof plugin;

  for (const std::uint32_t version : {0U, AFT_ABI_VERSION + 1U})
    EXPECT_EQ(init_(version, 5, argv_.data(), &host_, &plugin, &error_), AFT_UNSUPPORTED);
}

TEST_F(PluginAbi, GivesTheMessageOfAFailure) {
  const std::array<const char*, 2> argv = {"aft", "dance"};
  aft_plugin plugin{};
  plugin.size = sizeof plugin;

  EXPECT_EQ(init_(AFT_ABI_VERSION, 2, argv.data(), &host_, &plugin, &error_), AFT_FAILED);
  EXPECT_STREQ(error_.message,
               "unknown command 'dance'; 'aft --help' lists the commands");
}

TEST_F(PluginAbi, CutsAMessageThatDoesNotFit) {
  const std::string command(4096, 'x');
  const std::array<const char*, 2> argv = {"aft", command.c_str()};
  aft_plugin plugin{};
  plugin.size = sizeof plugin;

  EXPECT_EQ(init_(AFT_ABI_VERSION, 2, argv.data(), &host_, &plugin, &error_), AFT_FAILED);
  EXPECT_EQ(std::strlen(error_.message), sizeof error_.message - 1);
}

/// Also for a host of version 1.
TEST_F(PluginAbi, RunsOneCommandToItsEnd) {
  for (const std::uint32_t version :
       std::to_array<std::uint32_t>({AFT_ABI_VERSION_OF_COMMANDS, AFT_ABI_VERSION})) {
    aft_plugin plugin{};
    plugin.size = sizeof plugin;
    ASSERT_EQ(init_(version, 5, argv_.data(), &host_, &plugin, &error_), AFT_OK)
        << error_.message;

    aft_command command{};
    command.size = sizeof command;
    EXPECT_EQ(plugin.next_command(plugin.self, &command, &error_), AFT_OK);
    EXPECT_STREQ(command.argv[0], "/bin/true");
    EXPECT_STREQ(command.argv[1], "debug");
    EXPECT_EQ(command.argv[2], nullptr);
    EXPECT_EQ(command.output, AFT_OUTPUT_INHERITED);
    EXPECT_EQ(plugin.next_command(plugin.self, &command, &error_), AFT_WAIT);
    EXPECT_EQ(plugin.on_exit(plugin.self, 3 << 8, &error_), AFT_OK);
    EXPECT_EQ(plugin.next_command(plugin.self, &command, &error_), AFT_DONE);
    EXPECT_EQ(plugin.exit_code(plugin.self), 3);
    plugin.release(plugin.self);
  }
}

TEST_F(PluginAbi, AnswersHelpThroughTheHost) {
  std::string output;
  host_.self = &output;
  host_.write = [](void* self, int fd, const char* bytes, size_t count) {
    if (fd == 1) static_cast<std::string*>(self)->append(bytes, count);
  };
  const std::array<const char*, 2> argv = {"aft", "--version"};
  aft_plugin plugin{};
  plugin.size = sizeof plugin;
  ASSERT_EQ(init_(AFT_ABI_VERSION, 2, argv.data(), &host_, &plugin, &error_), AFT_OK);

  aft_command command{};
  command.size = sizeof command;
  EXPECT_EQ(plugin.next_command(plugin.self, &command, &error_), AFT_DONE);
  EXPECT_EQ(plugin.exit_code(plugin.self), 0);
  EXPECT_EQ(output, "aft " AFT_VERSION "\n");
  plugin.release(plugin.self);
}

/// An older host has a struct that ends earlier.
TEST_F(PluginAbi, WritesNothingBeyondTheStructOfAnOlderHost) {
  for (const std::size_t size :
       {offsetof(aft_plugin, event_fd), offsetof(aft_plugin, next_command),
        offsetof(aft_plugin, on_line), offsetof(aft_plugin, on_exit),
        offsetof(aft_plugin, on_ready), offsetof(aft_plugin, on_signal),
        offsetof(aft_plugin, exit_code), sizeof(aft_plugin)}) {
    alignas(aft_plugin) std::array<unsigned char, sizeof(aft_plugin) + 64> memory{};
    memory.fill(0xA5);
    std::memcpy(memory.data(), &size, sizeof size);
    auto* plugin = reinterpret_cast<aft_plugin*>(memory.data());

    ASSERT_EQ(init_(AFT_ABI_VERSION, 5, argv_.data(), &host_, plugin, &error_), AFT_OK);

    for (std::size_t at = size; at < memory.size(); ++at)
      ASSERT_EQ(memory.at(at), 0xA5) << "byte " << at << " of a struct of " << size;
    plugin->release(plugin->self);
  }
}

}  // namespace
}  // namespace aft
