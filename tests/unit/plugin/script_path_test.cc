// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What ResolveScript() says of `path` in the project folder `project`.
std::string Refusal(const std::string& path, const fs::path& project) {
  try {
    ResolveScript(path, project, project);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ScriptPath, IsRelativeToTheScriptsFolder) {
  const TemporaryFolder folder;
  const fs::path file = folder.Write("my scripts/a.py", "");

  EXPECT_EQ(ResolveScript("a.py", folder.path() / "my scripts", folder.path()).path,
            file);
}

TEST(ScriptPath, MustExist) {
  const TemporaryFolder folder;

  EXPECT_EQ(Refusal("a.py", folder.path()),
            "script 'a.py' does not exist; it is looked for in '" +
                folder.path().native() + "'");
}

TEST(ScriptPath, MayBeMisspelt) {
  const TemporaryFolder folder;
  folder.Write("deep/score.py", "");

  EXPECT_EQ(Refusal("deep/scroe.py", folder.path()),
            "script 'deep/scroe.py' does not exist; it is looked for in '" +
                folder.path().native() + "'; did you mean 'deep/score.py'?");
}

TEST(ScriptPath, MustNotLeaveTheProject) {
  const TemporaryFolder folder;
  const fs::path project = folder.path() / "project";
  fs::create_directory(project);
  const fs::path outside = folder.Write("outside.py", "");
  fs::create_symlink(outside, project / "link.py");
  // A folder whose name begins with the project's is not inside it.
  folder.Write("project2/a.py", "");

  for (const std::string& path :
       {std::string("../outside.py"), outside.native(), std::string("link.py"),
        std::string("../project2/a.py")})
    EXPECT_EQ(Refusal(path, project), "script '" + path + "' lies outside the project '" +
                                          project.native() +
                                          "'; move it into the project");
}

/// A folder of links to all that is in `project`, as an orchestrator makes it.
void LinkAll(const fs::path& project, const fs::path& links) {
  for (const fs::directory_entry& entry : fs::directory_iterator(project))
    fs::create_symlink(entry.path(), links / entry.path().filename());
}

TEST(ScriptPath, MayLeadThroughAFolderOfLinks) {
  const TemporaryFolder folder;
  const TemporaryFolder links;
  folder.Write("dbt_project.yml", "");
  folder.Write("scripts/a.py", "");
  folder.Write("b.py", "");
  LinkAll(folder.path(), links.path());

  for (const char* path : {"scripts/a.py", "b.py"})
    EXPECT_EQ(ResolveScript(path, links.path(), links.path()).path, links.path() / path);
}

TEST(ScriptPath, MustNotLeaveTheProjectBehindAFolderOfLinks) {
  const TemporaryFolder folder;
  const TemporaryFolder links;
  folder.Write("outside.py", "");
  folder.Write("project/dbt_project.yml", "");
  fs::create_directory(folder.path() / "project/scripts");
  fs::create_symlink(folder.path() / "outside.py", folder.path() / "project/link.py");
  LinkAll(folder.path() / "project", links.path());
  fs::create_symlink(folder.path(), links.path() / "above");

  for (const char* path : {"link.py", "above/outside.py", "scripts/../../outside.py"})
    EXPECT_NE(Refusal(path, links.path()), "") << path;
}

TEST(ScriptPath, SaysWhatRunsTheFile) {
  const TemporaryFolder folder;
  const fs::path& project = folder.path();
  for (const char* name : {"a.py", "b.ipynb", "c.R", "d.sh"}) folder.Write(name, "");
  fs::permissions(project / "d.sh", fs::perms::owner_all);
  const auto command = [&](const char* name) {
    return ResolveScript(name, project, project).command;
  };

  EXPECT_THAT(command("a.py"), IsEmpty());
  EXPECT_THAT(command("b.ipynb"), IsEmpty());
  EXPECT_THAT(command("c.R"), ElementsAre("Rscript", "--no-save", project / "c.R"));
  EXPECT_THAT(command("d.sh"), ElementsAre(project / "d.sh"));
}

TEST(ScriptPath, MustBeARegularFileThatCanBeRun) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "folder.py");
  ::mkfifo((folder.path() / "pipe.py").c_str(), 0600);
  folder.Write("script.sh", "");

  EXPECT_EQ(Refusal("folder.py", folder.path()),
            "script 'folder.py' is not a regular file");
  EXPECT_EQ(Refusal("pipe.py", folder.path()), "script 'pipe.py' is not a regular file");
  EXPECT_EQ(
      Refusal("script.sh", folder.path()),
      "script 'script.sh' is neither Python (.py, .ipynb) nor R (.R) nor executable; "
      "make it executable with: chmod +x 'script.sh'");
}

TEST(ScriptPath, MustHaveASensibleSize) {
  const TemporaryFolder folder;
  fs::resize_file(folder.Write("huge.py", ""), std::uintmax_t{10} << 30U);

  EXPECT_EQ(Refusal("huge.py", folder.path()), "script 'huge.py' has more than 16 MiB");
}

}  // namespace
}  // namespace aft
