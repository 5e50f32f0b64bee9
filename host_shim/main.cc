// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/command_usage.h"
#include "host_shim/error.h"
#include "host_shim/frame_client.h"
#include "host_shim/frame_commands.h"
#include "host_shim/host.h"
#include "host_shim/plugin_library.h"
#include "host_shim/process_start.h"

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

/// The command line is at fault, or what it names: nothing has started yet.
int Refuse(const aft::Error& error) {
  std::cerr << "aft: " << error.what() << '\n';
  return kMisused;
}

/// What is given with commas between, or by repeating the option.
std::vector<std::string> List(const aft::CommandWords& words, std::string_view option) {
  std::vector<std::string> list;
  const auto found = words.options.find(option);
  if (found == words.options.end()) return list;
  for (const std::string& value : found->second) {
    std::istringstream parts(value);
    for (std::string part; std::getline(parts, part, ',');) list.push_back(part);
  }
  return list;
}

int RunFrameCommand(const aft::CommandUsage& usage,
                    const std::vector<std::string>& arguments) {
  aft::CommandWords words;
  try {
    words = aft::ParseCommand(usage, arguments);
  } catch (const aft::Error& error) {
    return Refuse(error);
  }
  const std::string& model = words.words.front();
  if (usage.name == aft::kReadUsage.name)
    aft::ReadFrame(model, words.Value("--format", "csv"));
  else
    aft::WriteFrame(model, words.Value("--format"),
                    {words.Value("--mode"), words.Value("--on-schema-change"),
                     List(words, "--unique-key")});
  return 0;
}

int RunPlugin(int argc, const char* const* argv) {
  const std::filesystem::path program = std::filesystem::canonical("/proc/self/exe");
  aft::PluginLibrary plugin(program.parent_path().parent_path() /
                            "lib/aft/libaft_plugin.so");
  aft::Host host(plugin);
  try {
    plugin.Init(argc, argv, host.functions());
  } catch (const aft::Error& error) {
    return Refuse(error);
  }
  return host.Run();
}

int RunCommand(int argc, const char* const* argv) {
  const std::vector<std::string> arguments(argv + std::min(argc, 2), argv + argc);
  const std::string_view name = argc > 1 ? argv[1] : "";
  // The plugin has all texts of help.
  if (std::none_of(arguments.begin(), arguments.end(), aft::IsHelp))
    for (const aft::CommandUsage* usage : {&aft::kReadUsage, &aft::kWriteUsage})
      if (name == usage->name) return RunFrameCommand(*usage, arguments);
  return RunPlugin(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  aft::PrepareProcess();
  try {
    return RunCommand(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "aft: " << error.what() << '\n';
    return kFailed;
  }
}
