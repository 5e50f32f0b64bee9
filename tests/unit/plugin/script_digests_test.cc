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

/// Scripts of these paths, each bound to a node of its own name.
BoundScripts Bound(const TemporaryFolder& folder, const std::vector<std::string>& paths) {
  BoundScripts bound;
  for (const std::string& path : paths) {
    Script script;
    script.file = folder.path() / path;
    bound.nodes.push_back({"model." + path, false, {script}});
  }
  return bound;
}

TEST(ScriptDigests, TellWhichNodesHaveOtherScriptsThanBefore) {
  const TemporaryFolder folder;
  ProjectConfig project = ProjectIn(folder);
  project.scripts_path = folder.path() / "python";
  for (const char* name : {"a.py", "c.py"}) folder.Write(name, "import beside\n");
  folder.Write("b.py", "");
  folder.Write("dbt_packages/p/in/x.py", "import of_package\n");
  BoundScripts bound = Bound(folder, {"a.py", "b.py", "c.py", "dbt_packages/p/in/x.py"});

  KeepDigests(bound, project, {}, folder.path() / "target");

  const std::optional<ScriptDigests> digests = ReadDigests(folder.path() / "target");
  ASSERT_TRUE(digests);
  EXPECT_EQ(digests->size(), 4);
  EXPECT_THAT(ChangedNodes(*digests, project), IsEmpty());

  folder.Write("b.py", "x = 1\n");
  std::filesystem::remove(folder.path() / "c.py");
  folder.Write("dbt_packages/p/of_package.py", "");
  EXPECT_THAT(ChangedNodes(*digests, project),
              ElementsAre("model.b.py", "model.c.py", "model.dbt_packages/p/in/x.py"));
  folder.Write("python/beside.py", "");
  EXPECT_EQ(ChangedNodes(*digests, project).size(), 4);
}

TEST(ScriptDigests, AreNotKeptOfWhatCannotRunAndMakeWayForNone) {
  const TemporaryFolder folder;
  const ProjectConfig project = ProjectIn(folder);
  BoundScripts none;
  KeepDigests(none, project, {}, folder.path());
  EXPECT_FALSE(std::filesystem::exists(DigestFile(folder.path())));

  folder.Write("a.py", "");
  BoundScripts bound = Bound(folder, {"a.py"});
  DbtInvocation freshness;
  freshness.command = "freshness";
  KeepDigests(bound, project, freshness, folder.path());
  bound.problems = {"a problem"};
  KeepDigests(bound, project, {}, folder.path());
  EXPECT_FALSE(ReadDigests(folder.path()));

  bound.problems.clear();
  KeepDigests(bound, project, {}, folder.path());
  EXPECT_EQ(ReadDigests(folder.path())->size(), 1);
  KeepDigests(none, project, {}, folder.path());
  EXPECT_EQ(ReadDigests(folder.path())->size(), 0);
}

TEST(ScriptDigests, AreNoneWhereTheFileCannotBeReadAndSaidWhereItCannotBeWritten) {
  const TemporaryFolder folder;
  const ProjectConfig project = ProjectIn(folder);
  for (const char* text : {"", "[]", "{}", R"({"version": 2, "nodes": {}})",
                           R"({"version": 1, "nodes": []})"}) {
    folder.Write("aft/script_digests.json", text);
    EXPECT_FALSE(ReadDigests(folder.path())) << text;
  }

  folder.Write("file", "");
  folder.Write("a.py", "");
  BoundScripts bound = Bound(folder, {"a.py"});
  KeepDigests(bound, project, {}, folder.path() / "file");
  EXPECT_THAT(bound.notices,
              ElementsAre(HasSubstr("a later 'state:modified' will not see which")));
}

}  // namespace
}  // namespace aft
