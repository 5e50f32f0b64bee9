// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/state_of_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/scripts/script_digests.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
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
    folder_.Write("prod/manifest.json",
                  R"({"nodes": {"a": {"raw_code": "select 1", "checksum": 1},
                      "b": {"raw_code": "select 2"}, "s": {"raw_code": null}}})");
    folder_.Write("prod/run_results.json", "results");
    Script script;
    script.file = folder_.path() / "a.py";
    BoundScripts bound;
    for (const char* node : {"a", "s", "gone"})
      bound.nodes.push_back({node, false, {script}});
    KeepDigests(bound, expected_.project, {}, folder_.path() / "prod");
  }

  fs::path StateFor(const Words& words) {
    const RunOutput output{{}, [this](const std::string& text) { told_ += text; }};
    return StateWithScripts(DbtArguments(words), expected_, output);
  }

  TemporaryFolder folder_;
  ExpectedRun expected_;
  std::string told_;
};

const Words kModified = {"run", "-s", "tag:x", "+state:modified.body", "--state", "prod"};

TEST_F(StateOfScripts, DiffersAtNodesWithChangedScripts) {
  folder_.Write("a.py", "x = 1\n");

  EXPECT_EQ(StateFor(kModified), folder_.path() / "target/aft/state");

  const json::value nodes =
      ParseJson(folder_.Read("target/aft/state/manifest.json")).at("nodes");
  EXPECT_THAT(StringAt(nodes, {"a", "raw_code"}), HasSubstr("select 1\n--"));
  EXPECT_EQ(StringAt(nodes, {"a", "checksum", "checksum"}), "changed");
  EXPECT_NE(StringAt(nodes, {"s", "raw_code"}), "");
  EXPECT_EQ(nodes.at("b"), ParseJson(R"({"raw_code": "select 2"})"));
  EXPECT_EQ(folder_.Read("target/aft/state/run_results.json"), "results");
  EXPECT_EQ(told_, "");
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
  folder_.Write("target/aft/state/old", "");
  EXPECT_NE(StateFor({"ls", "--exclude", "state:unmodified", "--state", "prod"}), "");
  EXPECT_FALSE(fs::exists(folder_.path() / "target/aft/state/old"));

  folder_.Write("selectors.yml", "selectors: [{value: modified, method: state}]");
  EXPECT_NE(StateFor({"ls", "--selector", "ci", "--state=prod"}), "");
  EXPECT_EQ(StateFor({"ls", "--select", "a", "--state", "prod"}), "");
  const EnvironmentVariable state("DBT_STATE", folder_.path() / "prod");
  EXPECT_NE(StateFor({"ls"}), "");
  // A folder of aft's own takes no part in its making.
  EXPECT_EQ(StateFor({"ls", "--state", "target/aft/state"}), "");
}

TEST_F(StateOfScripts, IsSaidToTellNothingOfScriptsWithoutTheirDigests) {
  fs::remove(DigestFile(folder_.path() / "prod"));

  EXPECT_EQ(StateFor(kModified), "");

  EXPECT_EQ(told_,
            Text("aft: warning: scripts that have changed do not count as modified "
                 "because there is no '",
                 (folder_.path() / "prod/aft/script_digests.json").native(),
                 "'; keep this file of aft's with dbt's manifest\n"));
  told_.clear();
  expected_.binds_to_nodes = false;
  EXPECT_EQ(StateFor(kModified), "");
  EXPECT_EQ(told_, "");
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
    EXPECT_THAT(error.what(), HasSubstr("prod/manifest.json': it has no nodes"));
  }
}

}  // namespace
}  // namespace aft
