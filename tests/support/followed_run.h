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
  explicit Gate(const Shop& shop, bool fails_fast = false, const char* command = "run")
      : Gate(shop, {{"which", command}, {"fail_fast", fails_fast}}) {
    Say(0, {{"info", {{"name", "ArtifactWritten"}}},
            {"data",
             {{"artifact_type", "WritableManifest"},
              {"artifact_path", (shop.path() / "target/manifest.json").native()}}}});
    Say(0, {{"info", {{"name", "ConcurrencyLine"}}}, {"data", boost::json::object{}}});
  }

  /// A dbt that has said hello with these of its flags, and no more.
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
    Say(0, {{"hello", {{"protocol", 1}, {"python", "python"}, {"flags", flags}}}});
  }

  void Tell(LiveRun::ConnectionId thread, const char* event, const std::string& node,
            const char* status = "None") {
    Say(thread, {{"info", {{"name", event}}},
                 {"data",
                  {{"node_info", {{"unique_id", node}, {"node_status", status}}},
                   {"run_result", {{"status", status}}}}}});
  }

  /// Passes on what may be no message at all, or come at the wrong time.
  void SayAnything(LiveRun::ConnectionId thread, std::string_view line) {
    is_orderly_ = false;
    live_run_.Receive(thread, line);
  }

  void Finish() {
    Say(0, {{"info", {{"name", "StatsLine"}}}, {"data", boost::json::object{}}});
    live_run_.Close();
  }

  void Interrupt() { live_run_.Interrupt(); }
  void LoseDbt() { live_run_.DbtEnded(0); }
  [[nodiscard]] bool IsIdle() const { return live_run_.IsIdle(); }
  /// What keeps the run from being complete that dbt says has succeeded.
  [[nodiscard]] std::vector<std::string> Problems() const {
    return live_run_.Problems(0);
  }

  /// The verdict on a thread's last message: "go", "fail" or, while it waits, "".
  [[nodiscard]] std::string Verdict(LiveRun::ConnectionId thread) const {
    const auto found = verdicts_.find(thread);
    return found == verdicts_.end() ? "" : found->second;
  }

  NotedScripts scripts;
  std::string written;  ///< where dbt writes its own text

 private:
  void Say(LiveRun::ConnectionId thread, const boost::json::object& message) {
    verdicts_.erase(thread);
    live_run_.Receive(thread, boost::json::serialize(message));
  }

  void Answer(LiveRun::ConnectionId thread, const boost::json::object& answer) {
    const boost::json::value* verdict = answer.if_contains("verdict");
    if (verdict == nullptr) return;
    EXPECT_TRUE(!is_orderly_ || Verdict(thread).empty()) << "two verdicts on one message";
    verdicts_[thread] = std::string(verdict->as_string());
  }

  bool is_orderly_ = true;
  EventLoop loop_;
  std::map<LiveRun::ConnectionId, std::string> verdicts_;
  LiveRun live_run_;
};

inline Node MakeNode(std::string id, std::vector<std::string> before,
                     std::vector<std::string> after) {
  return {std::move(id), false, {}, std::move(before), std::move(after)};
}

}  // namespace aft
