// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_executable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// A dbt that begins with certain lines, and an interpreter with a space in its path.
class Installation {
 public:
  Installation() {
    fs::create_directories(python.parent_path());
    fs::create_symlink("/usr/bin/python3", python);
  }

  [[nodiscard]] std::optional<NamedPython> NamedBy(const std::string& text) const {
    return PythonNamedBy(folder_.Write("dbt", text));
  }

 private:
  TemporaryFolder folder_;

 public:
  const fs::path python = folder_.path() / "its own/python";
};

TEST(PythonNamedBy, ReadsTheFirstLine) {
  const Installation installed;

  const auto plain = installed.NamedBy("#!/usr/bin/python3\nimport sys\n");
  const auto isolated = installed.NamedBy("#! /usr/bin/python3 -sE\nimport sys\n");

  ASSERT_TRUE(plain && isolated);
  EXPECT_EQ(plain->path, "/usr/bin/python3");
  EXPECT_FALSE(plain->IgnoresPath());
  EXPECT_EQ(isolated->path, "/usr/bin/python3");
  EXPECT_THAT(isolated->flags, ElementsAre("-sE"));
  EXPECT_TRUE(isolated->IgnoresPath());
}

TEST(PythonNamedBy, ReadsTheSecondLineOfAScriptForTheShellAndPython) {
  const Installation installed;
  const std::string& path = installed.python.native();
  const auto named = [&](const std::string& words) {
    return installed.NamedBy(
        Text("#!/bin/sh\n'''exec' ", words, " \"$0\" \"$@\"\n' '''\nimport sys\n"));
  };

  for (const std::string& words : {Text('"', path, '"'), Text('\'', path, '\'')})
    EXPECT_EQ(named(words).value_or(NamedPython{}).path, path) << words;
  const auto isolated = named("/usr/bin/python3 -I");
  ASSERT_TRUE(isolated);
  EXPECT_THAT(isolated->flags, ElementsAre("-I"));
  EXPECT_TRUE(isolated->IgnoresPath());
}

TEST(PythonNamedBy, KnowsNothingOfWhatAWrapperStarts) {
  const Installation installed;
  const TemporaryFolder folder;
  const fs::path shim =
      folder.Write("python", "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n");
  fs::permissions(shim, fs::perms::owner_all);
  const std::string& path = installed.python.native();

  for (const std::string& text :
       {Text("#!/bin/sh\nexec \"", path, "\" \"$@\"\n"),
        Text("#!", shim.native(), "\nimport sys\n"),
        std::string("#!/usr/bin/env python3\nimport sys\n"),
        Text("#!/bin/sh\n'''exec' \"$(dirname \"$0\")\"/python \"$0\" \"$@\"\n"),
        Text("#!/bin/sh\n'''exec' \"", path), Text("#!/bin/sh\n'''exec' "),
        Text("#!/bin/sh\n"), Text("#!"), Text("")})
    EXPECT_FALSE(installed.NamedBy(text)) << text;
}

}  // namespace
}  // namespace aft
