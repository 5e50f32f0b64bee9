// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/bound_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/shop.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

BoundScripts Bind(const Shop& shop, const Manifest& manifest,
                  const std::string& variables = "{}") {
  DbtInvocation invocation;
  invocation.variables = variables;
  return BindScripts(manifest, ReadProjectConfig(shop.path()), invocation,
                     ReadProjectEnvironments(shop.path()));
}

Manifest ManifestOf(const Shop& shop) {
  return ReadManifest(shop.path() / "target/manifest.json");
}

TEST(BoundScripts, AreInTheOrderInWhichTheyRun) {
  const Shop shop({{"a", false, {}, {"b1.py"}, {"a1.py", "a2.py"}}});

  const BoundScripts bound = Bind(shop, ManifestOf(shop));

  ASSERT_EQ(bound.nodes.size(), 1);
  std::vector<std::string> ids;
  for (const Script& script : bound.nodes.front().scripts) ids.push_back(script.id);
  EXPECT_THAT(ids, ElementsAre("script.a.before.b1.py", "script.a.after.a1.py",
                               "script.a.after.a2.py"));
  EXPECT_EQ(bound.nodes.front().scripts.front().file, (shop.path() / "b1.py").native());
  EXPECT_THAT(bound.environments, ElementsAre(kLocalEnvironment));
  EXPECT_THAT(bound.problems, IsEmpty());
}

TEST(BoundScripts, HaveIdsThatDoNotDependOnOtherScripts) {
  const Shop shop({{"a", false, {}, {"x.py"}, {"x.py", "x.py"}}});

  const BoundScripts bound = Bind(shop, ManifestOf(shop));

  std::vector<std::string> ids;
  for (const Script& script : bound.nodes.front().scripts) ids.push_back(script.id);
  EXPECT_THAT(ids, ElementsAre("script.a.before.x.py", "script.a.after.x.py",
                               "script.a.after.x.py.2"));
}

TEST(BoundScripts, ReportAllProblemsTogether) {
  const Shop shop(
      {{"a", false, {}, {}, {"gone.py", "a.py"}}, {"b", false, {}, {}, {"gone_too.py"}}});
  for (const char* gone : {"gone.py", "gone_too.py"})
    std::filesystem::remove(shop.path() / gone);

  const BoundScripts bound = Bind(shop, ManifestOf(shop));

  EXPECT_THAT(bound.problems,
              ElementsAre(HasSubstr("node 'a': "), HasSubstr("node 'b': ")));
  EXPECT_EQ(bound.nodes.front().scripts.size(), 1);
}

TEST(BoundScripts, DoNotRunForAPackage) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  manifest.nodes.front().package = "installed";

  const BoundScripts bound = Bind(shop, manifest);

  EXPECT_THAT(bound.nodes, IsEmpty());
  EXPECT_THAT(bound.notices,
              ElementsAre("The scripts that package 'installed' binds to node 'a' do not "
                          "run: only the project's own do."));
}

TEST(BoundScripts, AreRefusedWhereNothingNamesTheProject) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  manifest.project.clear();

  EXPECT_THAT(Bind(shop, manifest).problems,
              ElementsAre(HasSubstr("manifest does not name the project")));
}

TEST(BoundScripts, HaveTheLimitsOfVarsWhereTheyHaveNone) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  manifest.nodes.front().bindings.front().limits.retries = 5;

  const BoundScripts bound =
      Bind(shop, manifest, R"({"aft": {"timeout": "10m", "retries": 2}})");

  const ScriptLimits& limits = bound.nodes.front().scripts.front().limits;
  EXPECT_EQ(limits.timeout, std::chrono::minutes(10));
  EXPECT_EQ(limits.retries, 5);
  EXPECT_THAT(Bind(shop, manifest, R"({"aft": {"timeout": "soon"}})").problems,
              ElementsAre(HasSubstr("vars: aft: ")));
  EXPECT_THAT(
      Bind(shop, manifest, R"({"aft": {"time_out": "10m"}})").problems,
      ElementsAre("--vars: aft: unknown key 'time_out'; did you mean 'timeout'?"));
}

TEST(BoundScripts, NameTheEnvironmentsThatAreKnown) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  manifest.nodes.front().bindings.front().environment = "ml";

  EXPECT_THAT(Bind(shop, manifest).problems,
              ElementsAre("node 'a': script 'a.py' names environment 'ml', which "
                          "fal_project.yml does not define; known are 'local'"));
}

TEST(BoundScripts, BeginAtTheFolderThatVarsName) {
  const Shop shop({});
  DbtInvocation invocation;
  const ProjectConfig project = ReadProjectConfig(shop.path());
  EXPECT_EQ(ScriptsFolder(project, invocation), shop.path() / "");

  invocation.variables = R"({"fal-scripts-path": "scripts"})";

  EXPECT_EQ(ScriptsFolder(project, invocation), shop.path() / "scripts");
}

}  // namespace
}  // namespace aft
