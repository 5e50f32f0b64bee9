// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "plugin/project/imported_names.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::string DigestOf(const TemporaryFolder& project, const std::string& script) {
  return ScriptFiles(project.path()).DigestOf(script, "");
}

TEST(ImportedNames, AreTheWordsOfLinesThatImport) {
  EXPECT_THAT(ImportedNames("import a, b.c as d\n"
                            "orders = ref('orders')\n"
                            "from . import (\n    e,\n    f,\n)\n"
                            "if x: from g import \\\n    h\n"
                            "important = reimport(y)\n"),
              ElementsAre("a", "as", "b", "c", "d", "e", "f", "from", "g", "h", "if",
                          "import", "x"));
  EXPECT_THAT(ImportedNames("importlib.import_module('i')\nj = __import__(\n'k')"),
              IsSupersetOf({"i", "k"}));
  EXPECT_THAT(ImportedNames("from n import ("), IsSupersetOf({"n"}));
  EXPECT_THAT(ImportedNames(""), IsEmpty());
}

TEST(ImportedNames, AreNotEndedByParenthesesInComments) {
  EXPECT_THAT(ImportedNames("from a import (\n  b,  # was (x)\n  c,  # :)\n  d,\n)\ne\n"),
              ElementsAre("a", "b", "c", "d", "from", "import"));
  EXPECT_THAT(ImportedNames("from a import (  # noqa (isort)\n b,\n c)\ne\n"),
              ElementsAre("a", "b", "c", "from", "import"));
  EXPECT_THAT(ImportedNames("import a  # see (b\n# import c \\\nd\n"),
              ElementsAre("a", "import"));
  EXPECT_THAT(ImportedNames("x); from a import (\n b)\n"), IsSupersetOf({"b"}));
}

TEST(ImportedNames, AreFoundBehindTheMarkOfACommentInAString) {
  EXPECT_THAT(ImportedNames(R"(x = '#', "\"#", """ " # """; import a)"),
              IsSupersetOf({"a"}));
}

TEST(ImportedNames, AreTheSameWithOtherEndsOfLines) {
  for (const std::string end : {"\n", "\r\n", "\r"})
    EXPECT_THAT(
        ImportedNames(Text("from a import \\", end, "b", end, "c", end, "import d", end)),
        ElementsAre("a", "b", "d", "from", "import"));
}

TEST(NotebookCode, IsThatOfItsCells) {
  const std::string notebook =
      R"({"cells": [{"cell_type": "code", "source": ["import (\n", "a) # )\n", "b"]},
                    {"cell_type": "markdown", "source": "import c"},
                    {"cell_type": "code", "source": "import d"}, 1], "x": 1})";
  EXPECT_EQ(NotebookCode(notebook), "import (\na) # )\nb\nimport d\n");
  EXPECT_EQ(NotebookCode("import e"), "import e");
}

TEST(ScriptFiles, AreTheScriptAndTheModulesThatItReaches) {
  const TemporaryFolder project;
  project.Write("scripts/score.py", "import helper\nfrom lib import dates\n");
  project.Write("scripts/helper.py", "import deeper, score\n");
  project.Write("scripts/other.py", "");
  project.Write("deeper.py", "import json\n");
  project.Write("lib/__init__.py", "from .names import x\n");
  project.Write("lib/dates.py", "from .. import above\n");
  project.Write("lib/names.py", "");
  project.Write("lib/apart.py", "");
  project.Write("above.py", "");

  EXPECT_THAT(ScriptFiles(project.path()).FilesOf("scripts/score.py", ""),
              ElementsAre("above.py", "deeper.py", "lib/__init__.py", "lib/dates.py",
                          "lib/names.py", "scripts/helper.py", "scripts/score.py"));
}

TEST(ScriptFiles, BeginImportsAtTheFolderOfScriptsToo) {
  const TemporaryFolder project;
  project.Write("dbt_packages/p/models/a.py", "import beside\n");
  project.Write("python/beside.py", "");

  ScriptFiles files(project.path());
  EXPECT_THAT(files.FilesOf("dbt_packages/p/models/a.py", "python"),
              ElementsAre("dbt_packages/p/models/a.py", "python/beside.py"));
}

TEST(ScriptFiles, HaveADigestThatChangesWithEachOfThem) {
  const TemporaryFolder project;
  project.Write("score.py", "import helper\n");
  project.Write("helper.py", "x = 1\n");
  project.Write("run.sh", "import helper\n");
  const std::string first = DigestOf(project, "score.py");
  const std::string shell = DigestOf(project, "run.sh");

  project.Write("helper.py", "x = 2\n");
  const std::string second = DigestOf(project, "score.py");
  project.Write("other.py", "");
  EXPECT_NE(first, second);
  EXPECT_EQ(DigestOf(project, "score.py"), second);
  EXPECT_EQ(DigestOf(project, "./score.py"), second);
  EXPECT_EQ(DigestOf(project, "run.sh"), shell);

  project.Write("score.py", "import helper  # again\n");
  EXPECT_NE(DigestOf(project, "score.py"), second);
  EXPECT_EQ(DigestOf(project, "gone.py"), "");
}

TEST(ScriptFiles, AreTheSameInAnyFolder) {
  const TemporaryFolder some;
  const TemporaryFolder other;
  for (const TemporaryFolder* project : {&some, &other})
    project->Write("a.py", "import b\n");

  EXPECT_EQ(DigestOf(some, "a.py"), DigestOf(other, "a.py"));
}

}  // namespace
}  // namespace aft
