// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_digests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ProjectConfig ProjectIn(const TemporaryFolder& folder) {
  folder.Write("dbt_project.yml", "name: shop\n");
  return ReadProjectConfig(folder.path());
}

/// A manifest that binds each of these scripts to a node of its own name.
Manifest Bound(const std::vector<std::string>& paths, const std::string& id = "first") {
  Manifest manifest;
  manifest.project = "shop";
  manifest.id = id;
  for (const std::string& path : paths) {
    BoundNode node;
    node.unique_id = "model." + path;
    node.name = path;
    node.package = "shop";
    node.bindings.emplace_back().path = path;
    manifest.nodes.push_back(std::move(node));
  }
  return manifest;
}

TEST(ScriptDigests, TellWhichNodesHaveOtherScriptsThanBefore) {
  const TemporaryFolder folder;
  ProjectConfig project = ProjectIn(folder);
  project.scripts_path = folder.path() / "python";
  project.packages = {"p"};
  for (const char* name : {"a.py", "c.py"})
    folder.Write("python/" + std::string(name), "import beside\n");
  folder.Write("python/b.py", "");
  folder.Write("dbt_packages/p/in/x.py", "import of_package\n");
  Manifest manifest = Bound({"a.py", "b.py", "c.py", "in/x.py", "y.py"});
  manifest.nodes[3].package = "p";
  manifest.nodes[4].package = "of_others";

  EXPECT_EQ(KeepDigests(manifest, project, {}, folder.path() / "target"), "");

  const std::optional<ScriptDigests> digests = ReadDigests(folder.path() / "target");
  ASSERT_TRUE(digests);
  EXPECT_THAT(digests->manifests, ElementsAre("first"));
  EXPECT_EQ(digests->nodes.size(), 4);
  EXPECT_THAT(ChangedNodes(*digests, project), IsEmpty());
  EXPECT_THAT(NodesWithout(*digests, manifest, project), IsEmpty());

  folder.Write("python/b.py", "x = 1\n");
  std::filesystem::remove(folder.path() / "python/c.py");
  folder.Write("dbt_packages/p/of_package.py", "");
  EXPECT_THAT(ChangedNodes(*digests, project),
              ElementsAre("model.b.py", "model.c.py", "model.in/x.py"));
  folder.Write("python/beside.py", "");
  EXPECT_EQ(ChangedNodes(*digests, project).size(), 4);
}

TEST(ScriptDigests, AreOfNodesAloneAndMakeWayForNone) {
  const TemporaryFolder folder;
  const ProjectConfig project = ProjectIn(folder);
  KeepDigests(Bound({}), project, {}, folder.path());
  EXPECT_FALSE(std::filesystem::exists(DigestFile(folder.path())));

  // The second can't be read, and has changed as long as that is so.
  Manifest manifest = Bound({"a.py", "gone.py", "a.py"});
  folder.Write("a.py", "");
  manifest.nodes[2].unique_id = "source.s";
  manifest.nodes[2].is_source = true;
  DbtInvocation freshness;
  freshness.command = "freshness";
  KeepDigests(manifest, project, freshness, folder.path());
  ASSERT_TRUE(ReadDigests(folder.path()));
  EXPECT_EQ(ReadDigests(folder.path())->nodes.size(), 2);
  EXPECT_THAT(ChangedNodes(*ReadDigests(folder.path()), project),
              ElementsAre("model.gone.py"));

  KeepDigests(Bound({"a.py"}, ""), project, {}, folder.path());
  EXPECT_EQ(ReadDigests(folder.path())->nodes.size(), 2);
  KeepDigests(Bound({}), project, {}, folder.path());
  EXPECT_EQ(ReadDigests(folder.path())->nodes.size(), 0);
}

TEST(ScriptDigests, BelongToTheManifestsOfOneRun) {
  const TemporaryFolder folder;
  const ProjectConfig project = ProjectIn(folder);
  EXPECT_EQ(KeepDigestsAlsoFor("second", "first", folder.path()), "");
  EXPECT_FALSE(ReadDigests(folder.path()));

  KeepDigests(Bound({"a.py"}), project, {}, folder.path());
  KeepDigestsAlsoFor("second", "first", folder.path());
  KeepDigestsAlsoFor("of another run", "unknown", folder.path());
  KeepDigestsAlsoFor("", "first", folder.path());
  EXPECT_THAT(ReadDigests(folder.path())->manifests, ElementsAre("first", "second"));

  KeepDigests(Bound({"a.py"}, "third"), project, {}, folder.path());
  EXPECT_THAT(ReadDigests(folder.path())->manifests, ElementsAre("third"));
  EXPECT_THAT(NodesWithout(*ReadDigests(folder.path()), Bound({"a.py", "b.py"}), project),
              ElementsAre("b.py"));
}

TEST(ScriptDigests, AreTheSameBelowALink) {
  const TemporaryFolder folder;
  folder.Write("shop/dbt_project.yml", "name: shop\nvars: {fal-scripts-path: python}\n");
  folder.Write("shop/python/b.py", "");
  folder.Write("shop/a.py", "");
  std::filesystem::create_directory_symlink("shop", folder.path() / "link");
  const ProjectConfig project = ReadProjectConfig(folder.path() / "link");

  KeepDigests(Bound({"../a.py", "b.py"}), project, {}, folder.path());

  const auto nodes = ReadDigests(folder.path())->nodes;
  EXPECT_TRUE(nodes.at("model.../a.py").contains("a.py"));
  EXPECT_TRUE(nodes.at("model.b.py").contains("python/b.py"));
}

TEST(ScriptDigests, AreNoneWhereTheFileCannotBeReadAndSaidWhereItCannotBeWritten) {
  const TemporaryFolder folder;
  const ProjectConfig project = ProjectIn(folder);
  for (const char* text :
       {"", "[]", "{}", R"({"version": 2, "manifests": [], "nodes": {}})",
        R"({"version": 1, "nodes": {}})",
        R"({"version": 1, "manifests": [], "nodes": []})"}) {
    folder.Write("aft/script_digests.json", text);
    EXPECT_FALSE(ReadDigests(folder.path())) << text;
  }

  folder.Write("file", "");
  EXPECT_THAT(KeepDigests(Bound({"a.py"}), project, {}, folder.path() / "file"),
              HasSubstr("a later 'state:modified' will not see which"));
}

}  // namespace
}  // namespace aft
