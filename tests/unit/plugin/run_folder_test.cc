// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/run_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

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
  ~RunFolderIn() override { ::unsetenv("TMPDIR"); }

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

  const RunFolder folder;

  EXPECT_FALSE(fs::exists(parent_.path() / "aft-run-dead01"));
}

TEST_F(RunFolderIn, LeavesTheFolderOfALivingRunAlone) {
  const RunFolder living;
  parent_.Write(living.path().filename() / "gate", "");

  const RunFolder another;

  EXPECT_TRUE(fs::exists(living.path() / "gate"));
}

}  // namespace
}  // namespace aft
