// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/expected_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Problems(const TemporaryFolder& folder) {
  const ProjectConfig project = ReadProjectConfig(folder.path());
  return FileProblems(FindBoundScripts(project).of_nodes, project);
}

/// A project whose model `a` binds a script that is not there, with `more` beside it.
void WriteProject(const TemporaryFolder& folder, const std::string& more = "") {
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/schema.yml",
               "models:\n- name: a\n" + more +
                   "  meta:\n    aft:\n      scripts:\n      - models/scroe.py\n");
}

TEST(ExpectedFiles, AreToldWithTheLineAndAFileOfASimilarName) {
  const TemporaryFolder folder;
  WriteProject(folder);
  folder.Write("models/score.py", "");

  EXPECT_THAT(
      Problems(folder),
      ElementsAre(
          "models/schema.yml, line 6: script 'models/scroe.py' does not exist; it "
          "is looked for in '" +
          folder.path().native() + "/'; did you mean 'models/score.py'?"));
}

TEST(ExpectedFiles, AreAllTold) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\nvars: {fal-scripts-path: scripts}\n");
  folder.Write("scripts/there.py", "");
  folder.Write("models/schema.yml",
               "models: [{name: a, meta: {fal: {scripts: [there.py, gone.py, "
               "../models/schema.yml, \"{{ var('x') }}.py\"]}}}]\n");

  EXPECT_THAT(Problems(folder),
              ElementsAre(HasSubstr("script 'gone.py' does not exist; it is looked for"),
                          HasSubstr("script '../models/schema.yml' is neither Python")));
}

TEST(ExpectedFiles, MayBeGoneOfANodeThatMayBeDisabled) {
  const TemporaryFolder folder;
  WriteProject(folder, "  config: {enabled: \"{{ target.name == 'prod' }}\"}\n");
  EXPECT_THAT(Problems(folder), IsEmpty());

  WriteProject(folder);
  folder.Write("models/a.sql", "{{ config(enabled=false) }} select 1");
  EXPECT_THAT(Problems(folder), IsEmpty());

  folder.Write("models/a.sql", "select 1");
  folder.Write("models/other.sql", "{{ config(enabled=false) }} select 1");
  EXPECT_THAT(Problems(folder), ElementsAre(HasSubstr("'models/scroe.py'")));

  folder.Write("dbt_project.yml", "name: shop\nmodels: {shop: {+enabled: false}}\n");
  EXPECT_THAT(Problems(folder), IsEmpty());
}

}  // namespace
}  // namespace aft
