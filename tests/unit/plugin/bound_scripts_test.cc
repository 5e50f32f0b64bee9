// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/bound_scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/scripts/script_choice.h"
#include "tests/support/script_list.h"
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

TEST(BoundScripts, RunAPythonModelBetweenTheHooksOfItsNode) {
  const Shop shop(
      {{"a", true, {}, {"b.py"}, {"x.py"}, "model", false, "", {"pre.py"}, {"post.py"}}});
  shop.Write("m.py", "");
  Manifest manifest = ManifestOf(shop);
  ScriptBinding model;
  model.path = "m.py";
  model.is_model = true;
  manifest.nodes.at(0).bindings.push_back(model);

  const BoundScripts bound = Bind(shop, manifest);

  std::vector<std::string> names;
  for (const Script& script : bound.nodes.at(0).scripts) names.push_back(script.name);
  EXPECT_THAT(names, ElementsAre("b.py", "pre.py", "m.py", "post.py", "x.py"));
}

TEST(BoundScripts, FindPythonModelsFromTheProjectsFolder) {
  const Shop shop({{"a", true, {}, {}, {}}});
  shop.Write("dbt_project.yml", "name: shop\nvars: {fal-scripts-path: scripts}\n");
  shop.Write("fal_models/a.py", "");
  Manifest manifest = ManifestOf(shop);
  ScriptBinding model;
  model.path = "fal_models/a.py";
  model.is_model = true;
  manifest.nodes.push_back({"a", "a", "shop", true, false, {model}, {}});

  const BoundScripts bound = Bind(shop, manifest);

  EXPECT_THAT(bound.problems, IsEmpty());
  const Script& script = bound.nodes.at(0).scripts.at(0);
  EXPECT_TRUE(script.is_model);
  EXPECT_EQ(script.file, (shop.path() / "fal_models/a.py").native());
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

TEST(BoundScripts, RunForAPackageThatIsAllowedAndLieInItsFolder) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  shop.Write("dbt_project.yml",
             "name: shop\nvars: {aft: {packages: [installed, missing]}}\n");
  shop.Write("dbt_packages/installed/a.py", "");
  Manifest manifest = ManifestOf(shop);
  manifest.nodes.front().package = "installed";
  manifest.nodes.front().problems = {"schema.yml: unknown key"};
  for (const char* path : {"../../b.py", "b.py"}) {
    shop.Write("b.py", "");
    manifest.nodes.front().bindings.push_back({When::kAfter, path, "", {}, "", false});
  }

  const BoundScripts bound = Bind(shop, manifest);

  ASSERT_EQ(bound.nodes.size(), 1);
  ASSERT_EQ(bound.nodes[0].scripts.size(), 1);
  EXPECT_EQ(bound.nodes[0].scripts[0].file,
            (shop.path() / "dbt_packages/installed/a.py").native());
  EXPECT_THAT(
      bound.problems,
      ElementsAre("dbt_project.yml, line 2: vars: aft: packages: 'missing' is not in "
                  "'dbt_packages'; install it with 'dbt deps', or take its name out",
                  "package 'installed': schema.yml: unknown key",
                  HasSubstr("lies outside"), HasSubstr("does not exist")));
  EXPECT_THAT(Bind(shop, ManifestOf(shop), R"({"aft": {"packages": ["a"]}})").problems,
              testing::Contains(HasSubstr("can only be set in dbt_project.yml")));
}

TEST(BoundScripts, DoNotRunForAPackage) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  manifest.nodes.front().package = "installed";

  const BoundScripts bound = Bind(shop, manifest);

  EXPECT_THAT(bound.nodes, IsEmpty());
  EXPECT_THAT(bound.notices,
              ElementsAre("The scripts that package 'installed' binds to node 'a' do not "
                          "run. To run them, add 'installed' to the list 'packages' "
                          "under 'vars: aft:' in dbt_project.yml."));
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

TEST(BoundScripts, HaveTheirPriorityAndHowManyRunAtOnce) {
  const Shop shop({{"a", false, {}, {}, {"a.py"}}});
  Manifest manifest = ManifestOf(shop);
  std::vector<std::string> problems;
  const auto read = [&problems](const char* priority) {
    return ReadBindings(
        boost::json::parse(Text(R"({"aft": {"scripts": [{"path": "a.py", "priority": )",
                                priority, "}]}}")),
        "models/a.sql", problems);
  };
  manifest.nodes.front().bindings = read("-3");

  const BoundScripts bound = Bind(shop, manifest, R"({"aft": {"concurrency": 2}})");

  EXPECT_EQ(bound.concurrency, 2);
  EXPECT_EQ(bound.nodes.front().scripts.front().priority, -3);
  EXPECT_EQ(Bind(shop, manifest, "{}").concurrency, std::nullopt);
  EXPECT_THAT(problems, testing::IsEmpty());
  for (const char* priority : {"1.5", R"("10m")", "[1]", "1e6", "1e7", R"("")"})
    read(priority);
  EXPECT_THAT(
      problems,
      ElementsAre(HasSubstr("script 'a.py': 'priority' is '1.5', which is not a "),
                  HasSubstr("is '10m', which"), HasSubstr("is '[1]', which"),
                  HasSubstr("is '10000000', which"), HasSubstr("is '', which")));
}

TEST(BoundScripts, HaveThePriorityOfTheirNodeUnlessTheirEntryHasOne) {
  std::vector<std::string> problems;

  const std::vector<ScriptBinding> bindings =
      ReadBindings(boost::json::parse(R"({"aft_model": {"path": "a.py"},
        "aft": {"priority": "4", "scripts": ["b.py", {"path": "c.py", "priority": 0}]},
        "fal": {"priority": "high"}})"),
                   "models/a.sql", problems);

  std::vector<int> priorities;
  for (const ScriptBinding& binding : bindings)
    priorities.push_back(binding.priority.value_or(-1));
  EXPECT_THAT(priorities, ElementsAre(4, 4, 0));
  EXPECT_THAT(problems,
              ElementsAre("models/a.sql: meta.fal: 'priority' is 'high', which is not a "
                          "whole number from -1000000 to 1000000"));
}

TEST(BoundScripts, RefuseAHookThatWritesWhateverHappens) {
  const Shop shop({{"a",
                    false,
                    {},
                    {},
                    {"script.py"},
                    "model",
                    false,
                    "",
                    {"pre.py", "may.py"},
                    {"post.py"}}});
  shop.Write("script.py", "write_to_model(x)\n");
  shop.Write("pre.py", "x = 1\nwrite_to_source(\n    x)\n");
  shop.Write("may.py",
             "\"\"\"As\nwrite_to_model(x)\n\"\"\" if x else \"\"\"'''y\n"
             "write_to_source()\"\"\"\nif x:\n    write_to_model(x)\n");
  shop.Write("post.py", "'''x\n'''\nwrite_to_model(x)");

  EXPECT_THAT(Bind(shop, ManifestOf(shop)).problems,
              ElementsAre("node 'a': pre-hook 'pre.py' calls write_to_source(), which is "
                          "not allowed in a hook; bind it under 'scripts' instead",
                          HasSubstr("post-hook 'post.py' calls write_to_model()")));
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

TEST(ScriptChoice, LeavesHooksToTheirNode) {
  BoundScripts bound;
  for (const char* node : {"a", "b"}) bound.nodes.push_back(Scripts(node, 1, 1));
  for (NodeScripts& of_node : bound.nodes) of_node.scripts[1].when = When::kPostHook;

  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {});

  ScriptChoice{{{"b.before.0"}}, {"b.before.0"}, true}.Apply(bound, results);

  ASSERT_EQ(bound.nodes.size(), 2);
  EXPECT_EQ(bound.nodes[0].scripts.at(0).when, When::kPostHook);
  ASSERT_EQ(bound.nodes[1].scripts.size(), 1);
  EXPECT_EQ(bound.nodes[1].scripts[0].when, When::kBefore);
}

TEST(ScriptChoice, TakesPythonModelsWithTheirNodes) {
  BoundScripts bound;
  bound.nodes.push_back(Scripts("a", 0, 2));
  bound.nodes[0].scripts[0].is_model = true;
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {});
  ScriptChoice choice{std::set<std::string>(), {}, true};
  choice.takes_models = true;

  choice.Apply(bound, results);

  ASSERT_EQ(bound.nodes.size(), 1);
  ASSERT_EQ(bound.nodes[0].scripts.size(), 1);
  EXPECT_TRUE(bound.nodes[0].scripts[0].is_model);
}

TEST(ScriptChoice, LeavesScriptsOutWithTheirEnvironments) {
  BoundScripts bound;
  for (const char* node : {"a", "b", "c"}) bound.nodes.push_back(Scripts(node, 1, 1));
  bound.nodes[1].scripts[0].environment = "forecast";
  bound.environments = {kLocalEnvironment, "forecast"};

  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {});

  ScriptChoice{{{"a.after.1", "c.before.0"}}, {"c.before.0"}, true}.Apply(bound, results);

  ASSERT_EQ(bound.nodes.size(), 2);
  EXPECT_EQ(bound.nodes[0].scripts.front().id, "a.after.1");
  EXPECT_FALSE(bound.nodes[0].is_alone);
  EXPECT_EQ(bound.nodes[1].scripts.front().id, "c.before.0");
  EXPECT_TRUE(bound.nodes[1].is_alone);
  EXPECT_THAT(bound.environments, ElementsAre(kLocalEnvironment));
}

}  // namespace
}  // namespace aft
