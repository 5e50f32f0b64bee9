// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/live/live_run.h"
#include "tests/support/noted_scripts.h"
#include "tests/support/shop.h"

namespace aft {

/// What dbt's threads see of a run: each of their messages, and the verdict on it.
class Gate {
 public:
  explicit Gate(const Shop& shop, bool fails_fast = false, const char* command = "run",
                std::string refusal = "")
      : Gate(shop, {{"which", command}, {"fail_fast", fails_fast}}) {
    scripts.refusal = std::move(refusal);
    Say(0, {{"info", {{"name", "ArtifactWritten"}}},
            {"data",
             {{"artifact_type", "WritableManifest"},
              {"artifact_path", (shop.path() / "target/manifest.json").native()}}}});
    Say(0, {{"info", {{"name", "ConcurrencyLine"}}}, {"data", boost::json::object{}}});
  }

  /// A dbt that has said hello with these of its flags, and no more. `dbt retry` says it
  /// again, with those of a `dbt run`.
  Gate(const Shop& shop, boost::json::object flags)
      : live_run_(
            loop_, scripts,
            [this](LiveRun::ConnectionId thread, std::string_view line) {
              Answer(thread, boost::json::parse(line).as_object());
            },
            [this](const std::string& text) { written += text; },
            ReadProjectConfig(shop.path()), {kLocalEnvironment}) {
    flags.insert({{"project_dir", shop.path().native()},
                  {"profiles_dir", shop.path().native()},
                  {"target_path", "target"}});
    SayHello(flags);
    if (flags.at("which") != "retry") return;
    flags["which"] = "run";
    SayHello(flags);
  }

  void Tell(LiveRun::ConnectionId thread, const char* event, const std::string& node,
            const char* status = "None") {
    Say(thread, {{"info", {{"name", event}}},
                 {"data",
                  {{"node_info", {{"unique_id", node}, {"node_status", status}}},
                   {"run_result", {{"status", status}}}}}});
  }

  /// Passes on what may be no message at all, or come at the wrong time; false when that
  /// ends the connection.
  bool Accepts(LiveRun::ConnectionId thread, std::string_view line) {
    verdicts_.erase(thread);
    return live_run_.Receive(thread, line);
  }

  void Finish() {
    Say(0, {{"info", {{"name", "StatsLine"}}}, {"data", boost::json::object{}}});
    live_run_.Close();
  }

  /// The event with which a run of these nodes begins.
  void Begin(const std::vector<std::string>& nodes) {
    Say(0, {{"info", {{"name", "ConcurrencyLine"}}},
            {"data", boost::json::object{}},
            {"selected", boost::json::value_from(nodes)}});
  }

  /// The end of a dbt that has no last line.
  void Close() { live_run_.Close(); }

  void Interrupt() { live_run_.Interrupt(); }
  void LoseDbt() { live_run_.DbtEnded(0); }
  [[nodiscard]] bool IsIdle() const { return live_run_.IsIdle(); }
  /// What keeps the run from being complete that dbt says has succeeded.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code = 0) const {
    return live_run_.Problems(exit_code);
  }

  /// The verdict on a thread's last message: "go", "fail" or, while it waits, "".
  [[nodiscard]] std::string Verdict(LiveRun::ConnectionId thread) const {
    const auto found = verdicts_.find(thread);
    return found == verdicts_.end() ? "" : found->second;
  }

  NotedScripts scripts;
  std::string written;  ///< where dbt writes its own text

 private:
  void SayHello(const boost::json::object& flags) {
    Say(0, {{"hello",
             {{"protocol", 1},
              {"python", "python"},
              {"invocation_id", "this run"},
              {"flags", flags}}}});
  }

  void Say(LiveRun::ConnectionId thread, const boost::json::object& message) {
    Accepts(thread, boost::json::serialize(message));
  }

  void Answer(LiveRun::ConnectionId thread, const boost::json::object& answer) {
    const boost::json::value* verdict = answer.if_contains("verdict");
    if (verdict == nullptr) return;
    EXPECT_TRUE(Verdict(thread).empty()) << "two verdicts on one message";
    verdicts_[thread] = std::string(verdict->as_string());
  }

  EventLoop loop_;
  std::map<LiveRun::ConnectionId, std::string> verdicts_;
  LiveRun live_run_;
};

inline Node MakeNode(std::string id, std::vector<std::string> before,
                     std::vector<std::string> after) {
  return {std::move(id), false, {}, std::move(before), std::move(after)};
}

}  // namespace aft
