// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/script_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <string>
#include <string_view>

namespace aft {
namespace {

using testing::HasSubstr;

class ScriptRunTest : public testing::Test {
 protected:
  /// Says something as the script's process.
  void Say(std::string_view packet) const {
    EXPECT_EQ(::send(ends_.front().get(), packet.data(), packet.size(), 0),
              static_cast<ssize_t>(packet.size()));
  }

  EventLoop loop_;
  ScriptRun run_{loop_, {}, [](std::string_view) {}};
  std::vector<Fd> ends_ = run_.HandOver();
};

TEST_F(ScriptRunTest, TakesTheReportForTheOutcome) {
  Say(R"({"done": {"status": "success", "rows_written": 3}})");

  const Outcome outcome = run_.Exited({1, 0, 0, "", "", false});

  EXPECT_TRUE(outcome.succeeded);
  EXPECT_EQ(outcome.rows_written, 3);
}

TEST_F(ScriptRunTest, AddsWhatForksOfTheScriptHaveMoved) {
  Say(R"({"moved": {"rows_written": 2, "bytes_written": 16}})");
  Say(R"({"moved": {"rows_read": 9223372036854775807}})");
  Say(R"({"moved": {"rows_read": 5}})");
  Say(R"({"done": {"status": "success", "rows_written": 3}})");

  const Outcome outcome = run_.Exited({1, 0, 0, "", "", false});

  EXPECT_EQ(outcome.rows_written, 5);
  EXPECT_EQ(outcome.bytes_written, 16);
  EXPECT_EQ(outcome.rows_read, 9223372036854775807);
}

TEST_F(ScriptRunTest, MayRepeatWhatHasUndoneAllItsAppends) {
  Say(R"({"appended": true})");
  Say(R"({"appended": false})");

  EXPECT_TRUE(run_.Exited({1, 0, 0, "", "", false}).may_repeat);
}

TEST_F(ScriptRunTest, DoesNotRepeatAnAppendBesideOneThatWasUndone) {
  Say(R"({"appended": true})");
  Say(R"({"appended": true})");
  Say(R"({"appended": false})");

  EXPECT_FALSE(run_.Exited({1, 0, 0, "", "", false}).may_repeat);
}

TEST_F(ScriptRunTest, FailsWhereSomethingElseWritesToItsChannel) {
  for (const char* report : {"\xff\x01", "[1]", R"({"unknown": 1})"}) {
    ScriptRun run(loop_, {}, [](std::string_view) {});
    std::vector<Fd> ends = run.HandOver();
    const int control = ends.front().get();
    ASSERT_GT(::send(control, report, std::string_view(report).size(), 0), 0);
    loop_.Dispatch();
    ends.clear();

    const Outcome outcome = run.Exited({1, 0, 0, "", "", false});

    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(outcome.message, HasSubstr("has written to aft's own descriptor"));
  }
}

TEST_F(ScriptRunTest, IsOutOfMemoryWhenTheKernelHasEndedItForThat) {
  const Outcome outcome = run_.Exited({1, SIGKILL, 1 << 20, "", "", true});

  EXPECT_FALSE(outcome.succeeded);
  EXPECT_TRUE(outcome.is_out_of_memory);
  EXPECT_EQ(outcome.peak_memory, 1 << 20);
}

TEST_F(ScriptRunTest, IsKilledWhenAnythingElseHasEndedIt) {
  const Outcome outcome = run_.Exited({1, SIGKILL, 1 << 20, "", "", false});

  EXPECT_TRUE(outcome.is_killed);
  EXPECT_FALSE(outcome.is_out_of_memory);
}

}  // namespace
}  // namespace aft
