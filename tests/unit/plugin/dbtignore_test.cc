// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/dbtignore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kBegin =
    "# aft: scripts and their modules, which are no dbt models (aft keeps these lines)\n";
constexpr const char* kEnd = "# aft: end\n";

ProjectConfig Project(const TemporaryFolder& folder) {
  ProjectConfig project;
  project.folder = folder.path();
  project.model_paths = {"models"};
  return project;
}

TEST(Dbtignore, PassesOverABoundScriptAndTheModulesBesideIt) {
  const TemporaryFolder folder;
  folder.Write("models/ltv/score.py", "from forecast import fit\n");
  folder.Write("models/ltv/forecast.py", "def fit(): pass\n");
  folder.Write("models/ltv/deep/more.py", "");
  folder.Write("models/ltv/python_model.py", "def model(dbt, session):\n  return 1\n");
  folder.Write("models/other/unbound.py", "");

  EXPECT_THAT(FilesToPassOver(Project(folder), {"models/ltv/score.py"}),
              ElementsAre("models/ltv/deep/more.py", "models/ltv/forecast.py",
                          "models/ltv/score.py"));
  EXPECT_THAT(FilesToPassOver(Project(folder), {"models/ltv/python_model.py"}),
              testing::Contains("models/ltv/python_model.py"));
}

TEST(Dbtignore, TellsADbtModelInAnyFile) {
  const TemporaryFolder folder;
  const std::string space(1'000'000, ' ');
  folder.Write("models/script.py", "");
  folder.Write("models/model1.py", "import x\ndef" + space + "model (dbt, session):\n");
  folder.Write("models/model2.py", "def\tmodel(dbt, session):\n");
  folder.Write("models/module1.py", "def" + space);
  folder.Write("models/module2.py", "x = 1; def model(a): pass\n");
  folder.Write("models/module3.py", "def model_of(a): pass\ndef amodel(a): pass\n");
  folder.Write("models/module4.py", "defmodel(1)\ndef");

  EXPECT_THAT(FilesToPassOver(Project(folder), {"models/script.py"}),
              ElementsAre("models/module1.py", "models/module2.py", "models/module3.py",
                          "models/module4.py", "models/script.py"));
}

TEST(Dbtignore, NamesFilesAsAFolderOfLinksDoes) {
  const TemporaryFolder folder;
  const TemporaryFolder links;
  folder.Write("models/ltv/score.py", "");
  folder.Write("models/ltv/forecast.py", "");
  std::filesystem::create_symlink(folder.path() / "models", links.path() / "models");

  EXPECT_THAT(FilesToPassOver(Project(links), {"models/ltv/score.py"}),
              ElementsAre("models/ltv/forecast.py", "models/ltv/score.py"));
}

TEST(Dbtignore, NamesAScriptThatIsBoundByALink) {
  const TemporaryFolder folder;
  folder.Write("models/score.py", "");
  folder.Write("lib/deep/other.py", "");
  std::filesystem::create_symlink("models/score.py", folder.path() / "link.py");
  std::filesystem::create_symlink("../lib", folder.path() / "models/lib");

  EXPECT_THAT(FilesToPassOver(Project(folder), {"link.py"}),
              ElementsAre("models/score.py"));
  EXPECT_THAT(FilesToPassOver(Project(folder), {"models/lib/deep/other.py"}),
              ElementsAre("models/lib/deep/other.py"));
}

TEST(Dbtignore, LeavesScriptsElsewhereAlone) {
  const TemporaryFolder folder;
  folder.Write("scripts/score.py", "");

  EXPECT_THAT(FilesToPassOver(Project(folder), {"scripts/score.py", "missing.py"}),
              IsEmpty());
}

TEST(Dbtignore, AddsAMarkedBlockBehindTheUsersLines) {
  EXPECT_EQ(
      WithPassedOver("old.sql\n", {"models/a b.py", "models/c.py"}),
      std::string("old.sql\n") + kBegin + "/models/a\\ b.py\n/models/c.py\n" + kEnd);
}

TEST(Dbtignore, KeepsTheBlockInStepWithTheBindings) {
  const std::string one = WithPassedOver("", {"models/a.py"});

  EXPECT_EQ(WithPassedOver(one, {"models/b.py"}),
            std::string(kBegin) + "/models/b.py\n" + kEnd);
  EXPECT_EQ(WithPassedOver(one, {}), "");
  EXPECT_EQ(WithPassedOver(one, {"models/a.py"}), one);
}

TEST(Dbtignore, AddsNothingThatTheUsersLinesCover) {
  for (const char* line : {"*.py", "models/", "/models/**", "a.py", "models/*.py\r"})
    EXPECT_EQ(WithPassedOver(std::string(line) + "\n", {"models/a.py"}),
              std::string(line) + "\n");
}

TEST(Dbtignore, HeedsTheUsersExceptions) {
  EXPECT_EQ(WithPassedOver("*.py\n!a.py\n", {"models/a.py"}),
            std::string("*.py\n!a.py\n") + kBegin + "/models/a.py\n" + kEnd);
}

TEST(Dbtignore, NamesTheFilesThatAreNew) {
  const TemporaryFolder folder;
  folder.Write("models/a.py", "");

  EXPECT_THAT(UpdateDbtignore(Project(folder), {"models/a.py"}),
              ElementsAre("models/a.py"));
  EXPECT_THAT(UpdateDbtignore(Project(folder), {"models/a.py"}), IsEmpty());
  EXPECT_EQ(folder.Read(".dbtignore"), std::string(kBegin) + "/models/a.py\n" + kEnd);
}

TEST(Dbtignore, MakesNoFileWithoutNeed) {
  const TemporaryFolder folder;

  UpdateDbtignore(Project(folder), {});

  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".dbtignore"));
}

}  // namespace
}  // namespace aft
