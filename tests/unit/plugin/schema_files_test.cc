// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/schema_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Find(const TemporaryFolder& folder) {
  std::vector<std::string> paths;
  for (const ExpectedScript& script : FindBoundScripts(ReadProjectConfig(folder.path())))
    paths.push_back(script.path);
  return paths;
}

TEST(SchemaFiles, GiveTheScriptsOfEveryFormOfBinding) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/schema.yml", R"(
models:
  - name: a
    meta: {fal: {scripts: {before: [a.py], after: [b.py, {path: c.py}]}}}
  - name: b
    config: {meta: {aft: {scripts: [d.py]}}}
)");
  folder.Write("seeds/seeds.yaml", "fal: {scripts: {after: [e.py]}}\n");

  EXPECT_THAT(Find(folder), UnorderedElementsAre("a.py", "b.py", "c.py", "d.py", "e.py"));
}

TEST(SchemaFiles, TellTheScriptsOfSourcesFromThoseOfNodes) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", R"(
sources: {shop: {+meta: {aft: {scripts: [a.py]}}}}
)");
  folder.Write("models/schema.yml", R"(
sources:
  - name: bank
    tables: [{name: payments, meta: {aft: {scripts: {before: [b.py]}}}}]
models: [{name: x, meta: {aft: {scripts: [{path: c.py}]}}}]
)");

  std::vector<std::string> of_sources;
  std::vector<std::string> of_nodes;
  for (const ExpectedScript& script : FindBoundScripts(ReadProjectConfig(folder.path())))
    (script.is_of_source ? of_sources : of_nodes).push_back(script.path);

  EXPECT_THAT(of_sources, UnorderedElementsAre("a.py", "b.py"));
  EXPECT_THAT(of_nodes, ElementsAre("c.py"));
}

TEST(SchemaFiles, AreNotAllThatMayBindAScript) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/a.sql", "select 1 as scripts");
  EXPECT_FALSE(MayBindInSql(ReadProjectConfig(folder.path())));

  folder.Write("models/deep/b.sql",
               "{{ config(meta={'fal': {'scripts': {'after': ['b.py']}}}) }} select 1");

  EXPECT_TRUE(MayBindInSql(ReadProjectConfig(folder.path())));
}

TEST(SchemaFiles, AreSearchedBelowTheProjectsOwnPaths) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\nmodel-paths: [sql]\n");
  folder.Write("sql/schema.yml", "x: {fal: {scripts: [a.py]}}\n");
  folder.Write("models/schema.yml", "x: {fal: {scripts: [b.py]}}\n");

  EXPECT_THAT(Find(folder), ElementsAre("a.py"));
}

TEST(SchemaFiles, ThatAreBrokenAreLeftToDbt) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: [shop\n");
  folder.Write("models/a.yml", "fal: {scripts: [a.py]\n");
  folder.Write("models/b.yml", "fal: {scripts: 3}\n");
  folder.Write("models/c.yml", "fal: scripts\n");

  EXPECT_THAT(Find(folder), IsEmpty());
}

TEST(SchemaFiles, ThatGrowWithoutEndAreGivenUp) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  std::string bomb = "fal: {scripts: []}\na0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i)
    bomb += Text("a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  folder.Write("models/bomb.yml", bomb);

  EXPECT_THAT(Find(folder), IsEmpty());
}

TEST(ProjectConfig, IsFoundFromAFolderBelow) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/a.sql", "");

  EXPECT_EQ(FindProject(folder.path() / "models/deep"), folder.path());
}

TEST(ProjectConfig, TakesTheScriptsPathFromEitherPlace) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\nvars: {fal-scripts-path: scripts}\n");
  EXPECT_EQ(ReadProjectConfig(folder.path()).scripts_path, "scripts");

  folder.Write("dbt_project.yml",
               "name: shop\nvars: {fal-scripts-path: a, shop: {fal-scripts-path: b}}\n");
  EXPECT_EQ(ReadProjectConfig(folder.path()).scripts_path, "b");
}

}  // namespace
}  // namespace aft
