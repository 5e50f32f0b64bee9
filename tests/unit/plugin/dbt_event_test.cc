// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_event.h"

#include <gtest/gtest.h>

#include "host_shim/error.h"

namespace aft {
namespace {

using Kind = DbtEvent::Kind;

TEST(DbtEvent, ReadsTheNodeAndItsStatusFromAResult) {
  const DbtEvent event = ParseDbtEvent(
      R"({"info": {"name": "LogModelResult", "level": "info", "msg": "1 of 3 OK …"},
          "adapter_response": {"code": "SELECT", "rows_affected": 5},
          "data": {"status": "SELECT 5", "node_info": {"unique_id": "model.shop.orders",
                   "node_status": "success", "meta": {"fal": {}}}}})");

  EXPECT_EQ(event.kind, Kind::kNodeResult);
  EXPECT_EQ(event.node, "model.shop.orders");
  EXPECT_EQ(event.status, "success");
  EXPECT_EQ(event.adapter_response, R"({"code":"SELECT","rows_affected":5})");
  EXPECT_TRUE(event.binds_scripts);
}

TEST(DbtEvent, ReadsTheLastStatusFromTheRunResult) {
  const DbtEvent event = ParseDbtEvent(
      R"({"info": {"name": "NodeFinished"},
          "data": {"run_result": {"status": "skipped"},
                   "node_info": {"unique_id": "model.shop.orders", "node_status": "None"}}})");

  EXPECT_EQ(event.kind, Kind::kNodeFinished);
  EXPECT_EQ(event.status, "skipped");
  EXPECT_FALSE(event.binds_scripts);
}

TEST(DbtEvent, ReadsTheNodesOfARunWhereTheyAreKnown) {
  const DbtEvent event = ParseDbtEvent(
      R"({"info": {"name": "ConcurrencyLine"}, "data": {}, "selected": ["a", "b"],
          "bound": ["b"]})");

  EXPECT_EQ(event.kind, Kind::kRunBegins);
  EXPECT_TRUE(event.binds_scripts);
  EXPECT_EQ(event.selected, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(ParseDbtEvent(R"({"info": {"name": "ConcurrencyLine"}, "data": {},
                                 "selected": null})")
                   .selected);
}

TEST(DbtEvent, TakesTheFreshnessOfASourceForAResult) {
  const DbtEvent event = ParseDbtEvent(
      R"({"info": {"name": "LogFreshnessResult"},
          "data": {"status": "warn", "source_name": "shop", "table_name": "payments",
                   "node_info": {"unique_id": "source.x.shop.payments",
                                 "node_status": "runtime error"}}})");

  EXPECT_EQ(event.kind, Kind::kNodeResult);
  EXPECT_EQ(event.node, "source.x.shop.payments");
  EXPECT_EQ(event.status, "runtime error");
  EXPECT_EQ(ParseDbtEvent(R"({"info": {"name": "FreshnessCheckComplete"}})").kind,
            Kind::kRunSummary);
}

TEST(DbtEvent, TellsTheManifestFromOtherArtifacts) {
  const auto written = [](const std::string& type) {
    return ParseDbtEvent(R"({"info": {"name": "ArtifactWritten"}, "data":
        {"artifact_path": "/p/target/manifest.json", "artifact_type": ")" +
                         type + "\"}}");
  };

  EXPECT_EQ(written("WritableManifest").kind, Kind::kManifestWritten);
  EXPECT_EQ(written("WritableManifest").path, "/p/target/manifest.json");
  EXPECT_EQ(written("SemanticManifest").kind, Kind::kOther);
}

TEST(DbtEvent, TakesUnknownEventsAndMissingFieldsAsOther) {
  EXPECT_EQ(ParseDbtEvent(R"({"info": {"name": "SomethingNew"}})").kind, Kind::kOther);
  EXPECT_EQ(ParseDbtEvent(R"({"info": [], "data": 3})").kind, Kind::kOther);
}

TEST(DbtEvent, IsReadHoweverDeepTheUsersMetaIs) {
  const std::string meta = std::string(900, '[') + std::string(900, ']');

  const DbtEvent event = ParseDbtEvent(
      R"({"info": {"name": "NodeCompiling"}, "data": {"node_info": {"unique_id": "a",
          "meta": {"aft": )" +
      meta + "}}}}");

  EXPECT_EQ(event.node, "a");
  EXPECT_TRUE(event.binds_scripts);
}

TEST(DbtEvent, RefusesWhatIsNoJsonObject) {
  EXPECT_THROW(ParseDbtEvent("[1]"), Error);
  EXPECT_THROW(ParseDbtEvent("{\"info\":"), Error);
  EXPECT_THROW(ParseDbtEvent(""), Error);
}

TEST(GateHello, ReadsDbtsFlags) {
  const std::optional<GateHello> hello = ParseGateHello(
      R"({"hello": {"protocol": 1, "dbt_version": "1.10.1", "python": "/v/bin/python",
          "flags": {"which": "run", "project_dir": "/p", "profiles_dir": "/q",
                    "profile": null, "target": "dev", "vars": {"a": 1}, "threads": 4,
                    "use_colors": true, "printer_width": 100, "write_json": false,
                    "empty": true, "warn_error": true, "log_format": "json", "log_level": "warn",
                    "sample": {"start": "2026-01-01 00:00:00+00:00",
                               "end": "2026-01-02 00:00:00+00:00"}}}})");

  ASSERT_TRUE(hello.has_value());
  EXPECT_TRUE(hello->has_flags);
  EXPECT_EQ(hello->invocation.command, "run");
  EXPECT_EQ(hello->invocation.python, "/v/bin/python");
  EXPECT_EQ(hello->invocation.profile, "");
  EXPECT_EQ(hello->invocation.target, "dev");
  EXPECT_EQ(hello->invocation.variables, R"({"a":1})");
  EXPECT_EQ(hello->invocation.threads, 4);
  EXPECT_EQ(hello->invocation.printer_width, 100);
  EXPECT_TRUE(hello->invocation.use_colors);
  EXPECT_FALSE(hello->invocation.writes_json);
  EXPECT_TRUE(hello->invocation.is_empty);
  EXPECT_TRUE(hello->invocation.fails_on_warning);
  EXPECT_EQ(hello->invocation.log_format, "json");
  EXPECT_EQ(hello->invocation.least_level, "warn");
  EXPECT_EQ(hello->invocation.sample_start, "2026-01-01 00:00:00+00:00");
  EXPECT_EQ(hello->invocation.sample_end, "2026-01-02 00:00:00+00:00");
}

TEST(GateHello, DecidesTheLeastLevelAsDbtDoes) {
  const auto level = [](const std::string& flags) {
    return ParseGateHello(R"({"hello": {"protocol": 1, "flags": {)" + flags + "}}}")
        ->invocation.least_level;
  };

  EXPECT_EQ(level(""), "info");
  EXPECT_EQ(level(R"("debug": true, "log_level": "warn")"), "debug");
  EXPECT_EQ(level(R"("quiet": true, "debug": true)"), "error");
  EXPECT_EQ(level(R"("quiet": true, "log_level": "none")"), "none");
}

TEST(GateHello, RefusesAGateOfAnotherProtocol) {
  EXPECT_THROW(ParseGateHello(R"({"hello": {"protocol": 2}})"), Error);
}

TEST(GateHello, LeavesEventsAlone) {
  EXPECT_FALSE(ParseGateHello(R"({"info": {"name": "NodeStart"}})").has_value());
}

}  // namespace
}  // namespace aft
