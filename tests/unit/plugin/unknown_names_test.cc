// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/unknown_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

using Words = std::vector<std::string>;

/// In a project with these scripts, and Python models of its own and of a package.
UnknownNames Find(const Words& select, const Words& exclude) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write(".dbtignore", "models/helper.py\n");
  for (const char* file : {"models/forecast.py", "models/helper.py",
                           "dbt_packages/installed/models/cluster.py"})
    folder.Write(file, "");
  return FindUnknownNames(select, exclude,
                          {{"scripts/score.py", "notes/load.ipynb", "scripts/run.sh"},
                           {"scripts/score.py", "scripts/notify.py", "scripts/tell.sh"}},
                          ReadProjectConfig(folder.path()));
}

TEST(UnknownNames, AreRefusedWhereNothingElseIsSelected) {
  const UnknownNames unknown = Find({"scroe.py+ orders,1+notes/laod.ipynb"}, {});

  EXPECT_THAT(
      unknown.problems,
      ElementsAre("cannot select 'scroe.py+': no script of this run and no file of dbt "
                  "has this name; did you mean 'score.py'?",
                  "cannot select '1+notes/laod.ipynb': no script of this run and no file "
                  "of dbt has this name; did you mean 'notes/load.ipynb'?"));
  EXPECT_THAT(unknown.warnings, IsEmpty());
}

TEST(UnknownNames, AreWarnedOfBesideOthers) {
  const UnknownNames unknown = Find({"helper.py", "orders"}, {"a.py,orders"});

  EXPECT_THAT(unknown.problems, IsEmpty());
  EXPECT_THAT(unknown.warnings,
              ElementsAre("--select helper.py selects nothing: no script of this run and "
                          "no file of dbt has this name",
                          StartsWith("--exclude a.py excludes nothing: ")));
}

TEST(UnknownNames, MayBeOfHooksAndOfScriptsOfAnyKind) {
  EXPECT_THAT(
      Find({"notify.py"}, {}).problems,
      ElementsAre("cannot select 'notify.py': this is a hook, which goes with its "
                  "node and has no name in a selection"));
  EXPECT_THAT(
      Find({}, {"tell.sh+"}).warnings,
      ElementsAre("--exclude tell.sh+ excludes nothing: this is a hook, which goes "
                  "with its node and has no name in a selection"));
  EXPECT_THAT(Find({"rum.sh"}, {}).problems,
              ElementsAre("cannot select 'rum.sh': no script of this run and no file of "
                          "dbt has this name; did you mean 'run.sh'?"));
}

TEST(UnknownNames, AreNoneThatAScriptOrDbtHas) {
  const Words known = {"score.py",   "@scripts/score.py", "load.ipynb+", "forecast.py",
                       "cluster.py", "file:x.py",         "*.py",        "orders.sql",
                       "orders",     "elsewhere.sh",      "run.xsh"};

  for (const std::string& word : known) EXPECT_TRUE(Find({word}, {word}).empty()) << word;
  EXPECT_TRUE(Find({}, {}).empty());
}

}  // namespace
}  // namespace aft
