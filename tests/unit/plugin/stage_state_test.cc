// SPDX-License-Identifier: Apache-2.0
#include "plugin/staged/stage_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "host_shim/error.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/run_results.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Graph MakeGraph() {
  Graph graph;
  graph["model.shop.a"] = {"model", "a", "table", "", "", "fqn:shop.a,path:a.sql", {}};
  graph["source.shop.b"] = {"source", "b", "", "", "", "source:shop.b", {}};
  return graph;
}

TEST(StageState, PicksNodesByResultsThatDbt1Reads) {
  const TemporaryFolder folder;
  const StageState state(folder.path());

  const StageSelection selection = state.Select({"model.shop.a"}, MakeGraph(), "1.7.20");

  EXPECT_THAT(selection.selectors, ElementsAre("result:error"));
  const std::vector<NodeResult> results =
      ResultsIn(ReadJsonFileOrNull(selection.state_folder / "run_results.json"));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results.front().node, "model.shop.a");
  EXPECT_EQ(results.front().status, "error");
}

TEST(StageState, PicksNodesByTheirNamesForOtherDbtsAndSources) {
  const TemporaryFolder folder;
  const StageState state(folder.path());

  for (const char* version : {"2.0.0", "1.6.18", "1.1.0"})
    EXPECT_THAT(state.Select({"model.shop.a"}, MakeGraph(), version).selectors,
                ElementsAre("fqn:shop.a,path:a.sql"));
  EXPECT_THAT(state.Select({"source.shop.b"}, MakeGraph(), "1.10.0").selectors,
              ElementsAre("source:shop.b"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(StageState, DefersToTheUsersManifestWithoutWhatIsSelected) {
  const TemporaryFolder folder;
  folder.Write("prod/manifest.json",
               R"({"nodes": {"model.shop.a": {}, "model.shop.z": {}}, "x": 1})");
  StageState state(folder.path() / "private");

  state.KeepFromDeferral(folder.path() / "prod", {"model.shop.a"});

  const StageSelection selection = state.Select({"model.shop.a"}, MakeGraph(), "1.7.20");
  EXPECT_EQ(selection.defer_folder, folder.path() / "private/defer");
  EXPECT_EQ(folder.Read("private/defer/manifest.json"),
            R"({"nodes":{"model.shop.z":{}},"x":1})");
}

TEST(StageState, KeepsAManifestThatAStageReplaces) {
  const TemporaryFolder folder;
  const std::filesystem::path own = folder.Write("target/manifest.json", "{}");

  const std::filesystem::path kept =
      StageState(folder.path() / "private").KeepManifest(own);
  folder.Write("target/manifest.json", "{");

  EXPECT_EQ(boost::json::serialize(ReadJsonFile(kept)), "{}");
}

TEST(StageState, NamesTheUsersManifestThatItCannotRead) {
  const TemporaryFolder folder;
  StageState state(folder.path() / "private");

  try {
    state.KeepFromDeferral(folder.path() / "prod", {});
    FAIL() << "there is no manifest";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("prod/manifest.json"));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

}  // namespace
}  // namespace aft
