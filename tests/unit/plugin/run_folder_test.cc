// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/run_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// Makes run folders go to a folder of the test's own.
class RunFolderIn : public ::testing::Test {
 protected:
  RunFolderIn() {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::setenv("TMPDIR", parent_.path().c_str(), 1);
  }
  ~RunFolderIn() override {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::unsetenv("TMPDIR");
  }

  TemporaryFolder parent_;
};

TEST_F(RunFolderIn, IsForThisUserOnlyAndGoneAtTheEnd) {
  fs::path path;
  {
    const RunFolder folder;
    path = folder.path();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    EXPECT_EQ(path.parent_path(), parent_.path());
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(RunFolderIn, RemovesWhatAKilledRunLeft) {
  parent_.Write("aft-run-dead01/gate", "");
  fs::create_directory(parent_.path() / "aft-run-dead02");

  const RunFolder folder;

  EXPECT_FALSE(fs::exists(parent_.path() / "aft-run-dead01"));
  EXPECT_FALSE(fs::exists(parent_.path() / "aft-run-dead02"));
}

TEST_F(RunFolderIn, LeavesTheFolderOfALivingRunAlone) {
  const RunFolder living;
  parent_.Write(living.path().filename() / "gate", "");

  const RunFolder another;

  EXPECT_TRUE(fs::exists(living.path() / "gate"));
}

TEST_F(RunFolderIn, IsNotWhereAnotherUserCouldReplaceIt) {
  const fs::path foreign = parent_.path() / "foreign";
  const fs::path open = parent_.path() / "open";
  for (const fs::path& folder : {foreign, open}) fs::create_directory(folder);
  fs::permissions(open, fs::perms::all);
  const bool is_root = ::chown(foreign.c_str(), 65534, 65534) == 0;

  for (const fs::path& folder : {foreign, open}) {
    if (folder == foreign && !is_root) continue;
    ::setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
    EXPECT_EQ(RunFolder().path().parent_path(), parent_.path()) << folder;
  }
  // As /tmp is.
  fs::permissions(open, fs::perms::all | fs::perms::sticky_bit);
  EXPECT_EQ(RunFolder().path().parent_path(), open);
}

TEST_F(RunFolderIn, AreMadeByManyAtATime) {
  std::vector<std::thread> makers;
  std::atomic<int> there = 0;
  for (int i = 0; i < 4; ++i)
    makers.emplace_back([&] {
      for (int round = 0; round < 200; ++round)
        if (const RunFolder folder; fs::exists(folder.path())) ++there;
    });
  for (std::thread& maker : makers) maker.join();

  EXPECT_EQ(there, 800);
  EXPECT_TRUE(fs::is_empty(parent_.path()));
}

}  // namespace
}  // namespace aft
