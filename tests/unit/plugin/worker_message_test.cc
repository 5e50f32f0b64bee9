// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker_message.h"

#include <gtest/gtest.h>

#include "host_shim/error.h"

namespace aft {
namespace {

TEST(WorkerMessage, HandsAScriptOverWithAllThatBelongsToIt) {
  Script script;
  script.name = "a \"b\".py";
  script.file = "/p/a \"b\".py";
  script.node = "model.shop.orders";
  script.arguments = R"({"x":1})";
  script.limits.memory = 1 << 20;

  EXPECT_EQ(RunMessage(3, script, {"success", R"({"code":"SELECT"})"}),
            R"({"run":{"id":3,"path":"/p/a \"b\".py","name":"a \"b\".py",)"
            R"("node":"model.shop.orders","node_status":"success",)"
            R"("adapter_response":{"code":"SELECT"},"when":"after",)"
            R"("program":null,"memory":1048576,"arguments":{"x":1}}})");
}

TEST(WorkerMessage, SaysNullForWhatTheUserDidNotGive) {
  HostSetup setup;
  setup.project_folder = "/p";

  const std::string message = PrepareMessage(setup);

  EXPECT_NE(message.find(R"("profile":null,"target":null,"vars":{})"), std::string::npos);
  EXPECT_NE(message.find(R"("threads":null,"empty":false,"sample":null)"),
            std::string::npos);
}

TEST(WorkerMessage, TellsTheHostWhichRowsDbtWouldRead) {
  HostSetup setup;
  setup.is_empty = true;
  setup.sample_start = "2026-01-01";
  setup.sample_end = "2026-01-02";

  EXPECT_NE(PrepareMessage(setup).find(
                R"("empty":true,"sample":{"start":"2026-01-01","end":"2026-01-02"})"),
            std::string::npos);
}

TEST(WorkerMessage, ReadsWhatAHostSays) {
  EXPECT_TRUE(
      std::holds_alternative<HostPrepared>(ParseHostMessage(R"({"prepared":{}})")));
  EXPECT_EQ(std::get<HostPrepared>(ParseHostMessage(R"({"prepared":{"group":"/a"}})"))
                .control_group,
            "/a");
  EXPECT_EQ(
      std::get<HostPrepared>(ParseHostMessage(R"({"prepared":{"target":{"threads":4}}})"))
          .threads,
      4);
  EXPECT_EQ(
      std::get<HostFailed>(ParseHostMessage(R"({"failed":{"message":"no"}})")).message,
      "no");
  const auto exited = std::get<ScriptExited>(
      ParseHostMessage(R"({"exited":{"id":3,"wait_status":139,"peak_memory":1048576,
                          "place":"a.py:3","stack":"  File","out_of_memory":true}})"));
  EXPECT_EQ(exited.run, 3);
  EXPECT_EQ(exited.place, "a.py:3");
  EXPECT_EQ(exited.stack, "  File");
  EXPECT_EQ(exited.wait_status, 139);
  EXPECT_EQ(exited.peak_memory, 1048576);
  EXPECT_TRUE(exited.is_out_of_memory);
  EXPECT_TRUE(std::holds_alternative<HostNotice>(ParseHostMessage(R"({"new":1})")));
  EXPECT_THROW(ParseHostMessage("\x01\x02"), Error);
}

TEST(WorkerMessage, ReadsAScriptsOutcome) {
  const auto outcome = std::get<Outcome>(ParseScriptMessage(
      R"({"done":{"status":"success","message":"","traceback":"","rows_read":5,
          "rows_written":2,"seconds":{"read":1,"compute":0.25,"write":1e-3}}})"));

  EXPECT_TRUE(outcome.succeeded);
  EXPECT_EQ(outcome.rows_read, 5);
  EXPECT_EQ(outcome.seconds_reading, 1);
  EXPECT_EQ(outcome.seconds_computing, 0.25);
}

TEST(WorkerMessage, ReadsWhereAndWhyAScriptFailed) {
  const auto outcome = std::get<Outcome>(ParseScriptMessage(
      R"({"done":{"status":"error","place":"a.py:3","out_of_memory":true}})"));

  EXPECT_EQ(outcome.place, "a.py:3");
  EXPECT_TRUE(outcome.is_out_of_memory);
}

TEST(WorkerMessage, ReadsWhetherAScriptMayHaveAppended) {
  const auto appends = [](std::string_view packet) {
    return std::get<ScriptAppends>(ParseScriptMessage(packet)).may_have_appended;
  };

  EXPECT_TRUE(appends(R"({"appended":true})"));
  EXPECT_FALSE(appends(R"({"appended":false})"));
}

TEST(WorkerMessage, TakesNothingButSuccessForSuccess) {
  const ScriptMessage odd = ParseScriptMessage(R"({"done":{"status":"odd"}})");

  EXPECT_FALSE(std::get<Outcome>(odd).succeeded);
}

TEST(WorkerMessage, ReadsWhatAScriptDidForItsTable) {
  using std::get;
  EXPECT_TRUE(std::holds_alternative<ScriptHasWritten>(
      ParseScriptMessage(R"({"written": true})")));
  const auto done = get<Outcome>(ParseScriptMessage(
      R"({"done": {"status": "success", "can_write": true, "is_table_there": false}})"));
  EXPECT_TRUE(done.can_write);
  EXPECT_EQ(done.is_table_there, false);
  const auto other = get<Outcome>(
      ParseScriptMessage(R"({"done": {"status": "success", "can_write": false}})"));
  EXPECT_FALSE(other.can_write);
  EXPECT_EQ(other.is_table_there, std::nullopt);
}

TEST(WorkerMessage, ReadsAScriptsProcess) {
  const ScriptMessage message = ParseScriptMessage(R"({"started":{"pid":7}})");

  EXPECT_EQ(std::get<ScriptStarted>(message).pid, 7);
  EXPECT_THROW(ParseScriptMessage(R"({"new":1})"), Error);
}

}  // namespace
}  // namespace aft
