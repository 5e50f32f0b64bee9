// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/live/dbt_follower.h"
#include "tests/support/noted_scripts.h"
#include "tests/support/shop.h"

namespace aft {

/// What dbt's threads see of a run: each of their messages, and the verdict on it.
class Gate {
 public:
  explicit Gate(const Shop& shop, bool fails_fast = false, const char* command = "run",
                std::string refusal = "", RunLevelBindings run_level = {})
      : Gate(shop, {{"which", command}, {"fail_fast", fails_fast}},
             std::move(run_level)) {
    scripts.refusal = std::move(refusal);
    TellManifest(shop);
    Say(0, {{"info", {{"name", "ConcurrencyLine"}}}, {"data", boost::json::object{}}});
  }

  /// A dbt that has said hello with these of its flags, and no more. `dbt retry` says it
  /// again, with those of a `dbt run`.
  Gate(const Shop& shop, boost::json::object flags, RunLevelBindings run_level = {})
      : follower_(
            loop_, scripts,
            [this](DbtFollower::ConnectionId thread, std::string_view line) {
              Answer(thread, boost::json::parse(line).as_object());
            },
            [this](const std::string& text) { written += text; },
            ReadProjectConfig(shop.path()), {kLocalEnvironment}) {
    flags.insert({{"project_dir", shop.path().native()},
                  {"profiles_dir", shop.path().native()},
                  {"target_path", "target"}});
    follower_.RunAround(std::move(run_level));
    SayHello(flags);
    if (flags.at("which") != "retry") return;
    flags["which"] = "run";
    SayHello(flags);
  }

  /// dbt has written its manifest.
  void TellManifest(const Shop& shop) {
    Say(0, {{"info", {{"name", "ArtifactWritten"}}},
            {"data",
             {{"artifact_type", "WritableManifest"},
              {"artifact_path", (shop.path() / "target/manifest.json").native()}}}});
  }

  void Tell(DbtFollower::ConnectionId thread, const char* event, const std::string& node,
            const char* status = "None") {
    Say(thread, {{"info", {{"name", event}}},
                 {"data",
                  {{"node_info", {{"unique_id", node}, {"node_status", status}}},
                   {"run_result", {{"status", status}}}}}});
  }

  /// Passes on what may be no message at all, or come at the wrong time; false when that
  /// ends the connection.
  bool Accepts(DbtFollower::ConnectionId thread, std::string_view line) {
    verdicts_.erase(thread);
    return follower_.Receive(thread, line);
  }

  void Finish() {
    Say(0, {{"info", {{"name", "StatsLine"}}}, {"data", boost::json::object{}}});
    follower_.Close();
  }

  /// The event with which a run of these nodes begins.
  void Begin(const std::vector<std::string>& nodes) {
    Say(0, {{"info", {{"name", "ConcurrencyLine"}}},
            {"data", boost::json::object{}},
            {"selected", boost::json::value_from(nodes)}});
  }

  /// The end of a dbt that has no last line.
  void Close() { follower_.Close(); }

  void Interrupt() { follower_.Interrupt(); }
  void LoseDbt() { follower_.DbtEnded(0); }
  [[nodiscard]] bool IsIdle() const { return follower_.IsIdle(); }
  /// What keeps the run from being complete that dbt says has succeeded.
  [[nodiscard]] std::vector<std::string> Problems(int exit_code = 0) const {
    return follower_.Problems(exit_code);
  }

  /// The verdict on a thread's last message: "go", "fail" or, while it waits, "".
  [[nodiscard]] std::string Verdict(DbtFollower::ConnectionId thread) const {
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

  void Say(DbtFollower::ConnectionId thread, const boost::json::object& message) {
    Accepts(thread, boost::json::serialize(message));
  }

  void Answer(DbtFollower::ConnectionId thread, const boost::json::object& answer) {
    const boost::json::value* verdict = answer.if_contains("verdict");
    if (verdict == nullptr) return;
    EXPECT_TRUE(Verdict(thread).empty()) << "two verdicts on one message";
    verdicts_[thread] = std::string(verdict->as_string());
  }

  EventLoop loop_;
  std::map<DbtFollower::ConnectionId, std::string> verdicts_;
  DbtFollower follower_;
};

inline Node MakeNode(std::string id, std::vector<std::string> before,
                     std::vector<std::string> after) {
  return {std::move(id), false, {}, std::move(before), std::move(after)};
}

}  // namespace aft
