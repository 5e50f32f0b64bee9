// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// Of a text whose letters are all the same, and which takes a while to write.
std::size_t LengthOf(int writer) {
  return 100'000 + 10'000 * static_cast<std::size_t>(writer);
}

TEST(AtomicFile, TakesThePlaceOfTheOldOne) {
  const TemporaryFolder folder;
  const fs::path path = folder.Write("results.json", "a long text of before");

  WriteAtomically(path, "new");

  EXPECT_EQ(folder.Read("results.json"), "new");
  EXPECT_FALSE(fs::exists(path.native() + ".draft"));
}

TEST(AtomicFile, TakesTheDraftOverOfARunThatWasKilled) {
  const TemporaryFolder folder;
  folder.Write("results.json.draft", "half of a long text that a run has left");

  WriteAtomically(folder.path() / "results.json", "new");

  EXPECT_EQ(folder.Read("results.json"), "new");
}

TEST(AtomicFile, WritesNothingThroughALink) {
  const TemporaryFolder folder;
  folder.Write("elsewhere", "theirs");
  fs::create_symlink(folder.path() / "elsewhere", folder.path() / "results.json.draft");

  EXPECT_THROW(WriteAtomically(folder.path() / "results.json", "new"), Error);
  EXPECT_EQ(folder.Read("elsewhere"), "theirs");
}

TEST(AtomicFile, IsWholeThoughSeveralWriteIt) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 40;
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "results.json";
  std::vector<pid_t> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.push_back(::fork());
    if (writers.back() != 0) continue;
    const std::string text(LengthOf(writer), static_cast<char>('a' + writer));
    for (int round = 0; round < kRounds; ++round) WriteAtomically(path, text);
    ::_exit(0);
  }
  while (!fs::exists(path)) ::usleep(1000);

  int read = 0;
  while (!writers.empty()) {
    const std::string text = folder.Read("results.json");
    ASSERT_FALSE(text.empty());
    const int writer = text.front() - 'a';
    ASSERT_EQ(text.size(), LengthOf(writer)) << text.front();
    ASSERT_EQ(text.find_first_not_of(text.front()), std::string::npos);
    ++read;
    std::erase_if(writers, [](pid_t pid) {
      int status = 0;
      const bool has_ended = ::waitpid(pid, &status, WNOHANG) == pid;
      EXPECT_TRUE(!has_ended || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
      return has_ended;
    });
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace aft
