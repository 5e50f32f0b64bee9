// SPDX-License-Identifier: Apache-2.0
#include "host_shim/plugin_library.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

std::string Refusal(const fs::path& path) {
  try {
    const PluginLibrary library(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// A copy of the plugin of version 1 that a test may spoil.
fs::path Copy(const TemporaryFolder& folder) {
  const fs::path copy = folder.path() / "plugin.so";
  fs::copy_file(AFT_PLUGIN_V1_PATH, copy);
  ::chmod(copy.c_str(), 0755);
  return copy;
}

TEST(PluginLibrary, MustBeThere) {
  const TemporaryFolder folder;
  const fs::path missing = folder.path() / "plugin.so";

  EXPECT_EQ(Refusal(missing), "cannot load the plugin '" + missing.native() +
                                  "': No such file or directory; is the installation "
                                  "complete?");
}

TEST(PluginLibrary, MustBeAFile) {
  const TemporaryFolder folder;

  EXPECT_EQ(Refusal(folder.path()),
            "cannot load the plugin: '" + folder.path().native() + "' is not a file");
}

TEST(PluginLibrary, MustBeOutOfOthersReach) {
  const TemporaryFolder folder;
  const fs::path file = Copy(folder);
  const std::string end = "' can be written by another user; mend its owner and mode";

  ::chmod(file.c_str(), 0757);
  EXPECT_EQ(Refusal(file), "will not load the plugin: '" + file.native() + end);

  ::chmod(file.c_str(), 0755);
  ::chmod(folder.path().c_str(), 0777);
  EXPECT_EQ(Refusal(file), "will not load the plugin: '" + folder.path().native() + end);
}

TEST(PluginLibrary, MustBeALibrary) {
  const TemporaryFolder folder;
  const std::string refusal = Refusal(folder.Write("plugin.so", "no library"));

  EXPECT_EQ(refusal.rfind("cannot load the plugin: ", 0), 0) << refusal;
}

TEST(PluginLibrary, MustBeAPlugin) {
  EXPECT_EQ(Refusal(AFT_OTHER_LIBRARY), std::string("cannot load the plugin: '") +
                                            AFT_OTHER_LIBRARY +
                                            "' is a library of another kind");
}

TEST(PluginLibrary, GivesThePluginsOwnReason) {
  PluginLibrary library(AFT_PLUGIN_V1_PATH);
  const char* const argv[] = {"aft", "refuse"};
  const aft_host host{};

  try {
    library.Init(2, argv, host);
    FAIL() << "the plugin was not refused";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "refused");
  }
}

}  // namespace
}  // namespace aft
