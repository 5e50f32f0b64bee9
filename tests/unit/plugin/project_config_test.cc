// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/project_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

ProjectConfig Read(const std::string& text) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", text);
  return ReadProjectConfig(folder.path());
}

TEST(ProjectConfig, IsFoundFromAFolderBelow) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/a.sql", "");

  EXPECT_EQ(FindProject(folder.path() / "models/deep"), folder.path());
}

TEST(ProjectConfig, IsNamedAsItWasGiven) {
  const TemporaryFolder folder;
  folder.Write("real/dbt_project.yml", "name: shop\n");
  folder.Write("real/models/a.sql", "");
  const std::filesystem::path link = folder.path() / "link";
  std::filesystem::create_symlink("real", link);

  EXPECT_EQ(FindProject(link), link);
  EXPECT_EQ(FindProject(link / "."), link);
  EXPECT_EQ(FindProject(link / ""), link);
  EXPECT_EQ(FindProject(link / "models" / ".."), folder.path() / "real");
}

TEST(ProjectConfig, ReadsTemplatesOnceTheyAreRendered) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml",
               "name: shop\n"
               "target-path: \"{{ env_var('TARGET') }}\"\n"
               "model-paths: [models, \"{% if true %}more{% endif %}\"]\n"
               "flags: {fail_fast: true}\n");

  const ProjectConfig raw = ReadProjectConfig(folder.path());
  EXPECT_THAT(raw.templates, ElementsAre("target-path", "model-paths"));
  EXPECT_EQ(raw.target_path, "target");
  EXPECT_THAT(raw.model_paths, ElementsAre("models"));
  EXPECT_EQ(raw.name, "shop");
  EXPECT_THAT(raw.flags, ElementsAre(Pair("fail_fast", "true")));

  const ProjectConfig project = ReadProjectConfig(
      folder.path(), {{"target-path", R"("there")"}, {"model-paths", R"(["a","b"])"}});
  EXPECT_THAT(project.templates, IsEmpty());
  EXPECT_EQ(project.target_path, "there");
  EXPECT_THAT(project.model_paths, ElementsAre("a", "b"));
}

TEST(ProjectConfig, NamesSettingsThatAreNone) {
  const auto problems = [](const std::string& settings) {
    const TemporaryFolder folder;
    folder.Write("dbt_project.yml", "name: shop\nvars:\n  aft: " + settings + "\n");
    return ReadProjectConfig(folder.path()).problems;
  };

  EXPECT_THAT(problems("{connections: {dev: Driver=x}, timeout: 3, retries: 1}"),
              IsEmpty());
  EXPECT_THAT(
      problems("{time_out: 3}"),
      ElementsAre("dbt_project.yml, line 3: vars: aft: unknown key 'time_out'; did "
                  "you mean 'timeout'?"));
  EXPECT_THAT(problems("{timeout: [3]}"),
              ElementsAre("dbt_project.yml, line 3: vars: aft: 'timeout' is neither text "
                          "nor a number"));
  EXPECT_THAT(problems("{concurrency: 0}"),
              ElementsAre("dbt_project.yml, line 3: vars: aft: 'concurrency' is '0', "
                          "which is not a whole number from 1 to 1000000"));
  EXPECT_THAT(problems("soon"),
              ElementsAre("dbt_project.yml, line 3: vars: aft: these are no settings; "
                          "write them as 'name: value'"));
}

TEST(ProjectConfig, TakesTheScriptsPathFromEitherPlace) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\nvars: {fal-scripts-path: scripts}\n");
  EXPECT_EQ(ReadProjectConfig(folder.path()).scripts_path, "scripts");

  folder.Write("dbt_project.yml",
               "name: shop\nvars: {fal-scripts-path: a, shop: {fal-scripts-path: b}}\n");
  EXPECT_EQ(ReadProjectConfig(folder.path()).scripts_path, "b");
}

TEST(ProjectConfig, HasFlagsWithVariablesAndWithout) {
  const std::string flags = "name: shop\nflags: {fail_fast: true}\n";

  for (const char* variables :
       {"", "vars:\n", "vars: 1\n", "vars: {}\n", "vars: {shop: 1}\n",
        "vars: {shop: {}}\n", "vars: {aft: {}}\n",
        "vars: {shop: {aft: {decimals: float}}}\n"}) {
    const ProjectConfig config = Read(flags + variables);

    EXPECT_THAT(config.flags, ElementsAre(Pair("fail_fast", "true"))) << variables;
    EXPECT_THAT(config.warnings, IsEmpty()) << variables;
  }
}

TEST(ProjectConfig, WarnsOfMisspeltSettingsBelowTheProjectsNameToo) {
  for (const char* variables :
       {"vars: {aftt: {decimals: float}}", "vars: {shop: {aftt: {decimals: float}}}"})
    EXPECT_THAT(Read(std::string("name: shop\n") + variables).warnings,
                ElementsAre(HasSubstr("'aftt'")))
        << variables;
}

TEST(ProjectConfig, OfAFileThatDbtRefusesIsEmpty) {
  for (const char* text : {"name: [", "- shop\n", "shop\n", ""}) {
    const ProjectConfig config = Read(text);

    EXPECT_EQ(config.name, "") << text;
    EXPECT_EQ(config.target_path, "target") << text;
  }
}

TEST(ProjectConfig, TakesOneFolderOfPythonModelsOrSeveral) {
  const TemporaryFolder folder;
  const auto paths = [&](const std::string& variables) {
    folder.Write("dbt_project.yml", "name: shop\n" + variables);
    std::vector<std::string> texts;
    for (const std::filesystem::path& path :
         ReadProjectConfig(folder.path()).python_model_paths)
      texts.push_back(path);
    return texts;
  };

  EXPECT_THAT(paths(""), ElementsAre("fal_models"));
  EXPECT_THAT(paths("vars: {fal-models-paths: a}\n"), ElementsAre("a"));
  EXPECT_THAT(paths("vars: {shop: {fal-models-paths: [a, b]}}\n"), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace aft
