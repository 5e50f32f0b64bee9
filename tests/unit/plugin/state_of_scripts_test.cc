// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/state_of_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/base/text_file.h"
#include "plugin/project/manifest.h"
#include "plugin/scripts/script_digests.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

/// A project with the script of `a` and `s`, and the state of an earlier run in `prod`.
class StateOfScripts : public ::testing::Test {
 protected:
  StateOfScripts() {
    folder_.Write("dbt_project.yml", "name: shop\n");
    folder_.Write("a.py", "");
    expected_.project = ReadProjectConfig(folder_.path());
    expected_.binds_to_nodes = true;
    WriteState("first");
    folder_.Write("prod/run_results.json", "results");
    KeepDigests(ReadManifest(folder_.path() / "prod/manifest.json"), expected_.project,
                {}, folder_.path() / "prod");
  }

  /// dbt's manifest of a command of this id, in which the nodes have `also`.
  void WriteState(const std::string& id, const std::string& also = "") const {
    const std::string bound = R"(, "resource_type": "model", "package_name": "shop",
        "meta": {"aft": {"scripts": ["a.py"]}})";
    folder_.Write(
        "prod/manifest.json",
        Text(R"({"metadata": {"project_name": "shop", "invocation_id": ")", id, R"("},
             "nodes": {"a": {"name": "a", "raw_code": "select 1", "checksum": 1)",
             bound, R"(}, "b": {"raw_code": "select 2"},
             "s": {"name": "s", "raw_code": null, "raw_sql": "select 3")",
             bound, "}", also, "}}"));
  }

  fs::path StateFor(const Words& words) {
    const RunOutput output{{}, [this](const std::string& text) { told_ += text; }};
    return StateWithScripts(DbtArguments(words), expected_, output);
  }
  [[nodiscard]] std::size_t CountStates() const {
    const fs::directory_iterator entries(folder_.path() / "target/aft/state");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  TemporaryFolder folder_;
  ExpectedRun expected_;
  std::string told_;
};

const Words kModified = {"run", "-s", "tag:x", "+state:modified.body", "--state", "prod"};

TEST_F(StateOfScripts, DiffersAtNodesWithChangedScripts) {
  folder_.Write("a.py", "x = 1\n");

  const fs::path state = StateFor(kModified);

  EXPECT_EQ(state.parent_path(), folder_.path() / "target/aft/state");
  const json::value nodes = ReadJsonFile(state / "manifest.json").at("nodes");
  EXPECT_THAT(StringAt(nodes, {"a", "raw_code"}), HasSubstr("select 1\n--"));
  EXPECT_EQ(StringAt(nodes, {"a", "checksum", "checksum"}), "changed");
  EXPECT_NE(StringAt(nodes, {"s", "raw_code"}), "");
  EXPECT_THAT(StringAt(nodes, {"s", "raw_sql"}), HasSubstr("select 3\n--"));
  EXPECT_EQ(nodes.at("b"), ParseJson(R"({"raw_code": "select 2"})"));
  EXPECT_EQ(ReadText(state / "run_results.json"), "results");
  EXPECT_EQ(told_, "");
}

TEST_F(StateOfScripts, IsMadeOnceAndStaysAsItIs) {
  folder_.Write("a.py", "x = 1\n");
  const fs::path first = StateFor(kModified);
  const fs::file_time_type written = WrittenAt(first / "manifest.json");

  EXPECT_EQ(StateFor({"ls", "-s", "state:modified", "--state", folder_.path() / "prod"}),
            first);
  EXPECT_EQ(WrittenAt(first / "manifest.json"), written);
  EXPECT_EQ(CountStates(), 1);

  // What is left of a run that was killed goes; what another writes stays.
  folder_.Write("target/aft/state/killed.1.draft/x", "");
  folder_.Write("target/aft/state/open.2.draft/x", "");
  fs::last_write_time(first.parent_path() / "killed.1.draft",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  fs::path last;
  for (int n = 0; n < 7; ++n) {
    folder_.Write("prod/run_results.json", std::to_string(n));
    last = StateFor(kModified);
    EXPECT_EQ(ReadText(last / "run_results.json"), std::to_string(n));
  }
  EXPECT_EQ(CountStates(), 6);
  EXPECT_TRUE(fs::exists(last));
  EXPECT_TRUE(fs::exists(first.parent_path() / "open.2.draft"));
  EXPECT_FALSE(fs::exists(first));
}

TEST_F(StateOfScripts, StaysForARetryOfTheLastRun) {
  folder_.Write("a.py", "x = 1\n");
  const fs::path first = StateFor(kModified);
  folder_.Write("target/run_results.json",
                Text(R"({"args": {"state": ")", first.native(), R"("}})"));

  for (int n = 0; n < 7; ++n) {
    folder_.Write("prod/run_results.json", std::to_string(n));
    StateFor(kModified);
  }

  EXPECT_TRUE(fs::exists(first));
}

TEST_F(StateOfScripts, IsTheUsersOwnWhereNoScriptHasChangedOrNobodyAsks) {
  EXPECT_EQ(StateFor(kModified), "");

  folder_.Write("a.py", "x = 1\n");
  for (const Words& words :
       {Words{"run", "-s", "state:modified"}, Words{"run", "--defer", "--state", "prod"},
        Words{"run", "-s", "state:new", "--state", "prod"},
        Words{"retry", "-s", "state:modified", "--state", "prod"},
        Words{"run", "-s", "state:modified", "--state", "nowhere"},
        Words{"run", "--selector", "ci", "--state", "prod"}})
    EXPECT_EQ(StateFor(words), "");
  EXPECT_EQ(told_, "");
}

TEST_F(StateOfScripts, IsAskedForBySelectorsAndExclusionsAndTheEnvironment) {
  folder_.Write("a.py", "x = 1\n");
  const fs::path made =
      StateFor({"ls", "--exclude", "state:unmodified", "--state", "prod"});
  EXPECT_NE(made, "");

  folder_.Write("selectors.yml", "selectors: [{value: modified, method: state}]");
  EXPECT_NE(StateFor({"ls", "--selector", "ci", "--state=prod"}), "");
  EXPECT_EQ(StateFor({"ls", "--select", "a", "--state", "prod"}), "");
  const EnvironmentVariable state("DBT_STATE", folder_.path() / "prod");
  for (const Words& words : {Words{"ls"}, Words{"docs", "generate"}, Words{"test"},
                             Words{"source", "freshness"}})
    EXPECT_EQ(StateFor(words), made) << words.front();
  // These do not take the option.
  for (const char* command : {"deps", "clean", "parse", "debug"})
    EXPECT_EQ(StateFor({command}), "") << command;
  // A folder of aft's own takes no part in its making.
  EXPECT_EQ(StateFor({"ls", "--state", made}), "");
}

TEST_F(StateOfScripts, IsSaidToTellNothingOfScriptsWithoutTheirDigests) {
  folder_.Write("a.py", "x = 1\n");
  fs::remove(DigestFile(folder_.path() / "prod"));

  EXPECT_EQ(StateFor(kModified), "");

  EXPECT_EQ(told_,
            Text("aft: warning: changed scripts of 'a', 's' do not count as modified "
                 "because there is no '",
                 (folder_.path() / "prod/aft/script_digests.json").native(),
                 "'; keep this file of aft's with dbt's manifest\n"));
  told_.clear();
  expected_.binds_to_nodes = false;
  EXPECT_EQ(StateFor(kModified), "");
  EXPECT_EQ(told_, "");
}

TEST_F(StateOfScripts, IsSaidToTellNothingWithTheDigestsOfAnotherManifest) {
  folder_.Write("a.py", "x = 1\n");
  WriteState("of plain dbt");

  EXPECT_EQ(StateFor(kModified), "");

  const fs::path prod = folder_.path() / "prod";
  EXPECT_EQ(
      told_,
      Text("aft: warning: changed scripts of 'a', 's' do not count as modified "
           "because '",
           (prod / "manifest.json").native(), "' was written by another command than '",
           (prod / "aft/script_digests.json").native(), "'; have aft write both\n"));
}

TEST_F(StateOfScripts, IsSaidToTellNothingOfNodesThatHaveNoDigests) {
  folder_.Write("a.py", "x = 1\n");
  WriteState("first", R"(, "c": {"name": "c", "package_name": "shop",
      "resource_type": "seed", "meta": {"aft": {"scripts": ["a.py"]}}})");

  EXPECT_NE(StateFor(kModified), "");
  EXPECT_THAT(told_, HasSubstr("changed scripts of 'c' do not count"));
  EXPECT_THAT(told_, HasSubstr("script_digests.json' does not have them\n"));
}

TEST_F(StateOfScripts, CannotBeReplacedInAVariableThatWinsOverTheOption) {
  folder_.Write("a.py", "x = 1\n");
  const EnvironmentVariable state("DBT_ARTIFACT_STATE_PATH", "prod");

  EXPECT_EQ(StateFor(kModified), "");
  EXPECT_THAT(told_,
              HasSubstr("because dbt takes the state from DBT_ARTIFACT_STATE_PATH"));
}

TEST_F(StateOfScripts, IsRefusedWithoutAManifestThatCanBeRead) {
  folder_.Write("a.py", "x = 1\n");
  folder_.Write("prod/manifest.json", "[]");

  try {
    StateFor(kModified);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("cannot compare scripts with those of '"),
                                    HasSubstr("prod/manifest.json': it has no nodes")));
  }
}

}  // namespace
}  // namespace aft
