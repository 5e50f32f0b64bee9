// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_executable.h"

#include <gtest/gtest.h>

#include <string>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// A dbt that begins with certain lines, and an interpreter with a space in its path.
class Installation {
 public:
  Installation() { fs::permissions(python, fs::perms::owner_all); }

  [[nodiscard]] fs::path PythonOfDbt(const std::string& text) const {
    return PythonOf(folder_.Write("dbt", text));
  }

 private:
  TemporaryFolder folder_;

 public:
  const fs::path python = folder_.Write("its python", "");
};

TEST(PythonOf, IsNamedInTheFirstLine) {
  const Installation installed;

  EXPECT_EQ(
      installed.PythonOfDbt(Text("#!", installed.python.native(), "\nimport sys\n")),
      installed.python);
}

TEST(PythonOf, IsNamedInTheSecondLineOfAScriptForTheShellAndPython) {
  const Installation installed;
  const auto python_of = [&](const std::string& word) {
    return installed.PythonOfDbt(
        Text("#!/bin/sh\n'''exec' ", word, " \"$0\" \"$@\"\n' '''\nimport sys\n"));
  };
  const std::string& path = installed.python.native();

  EXPECT_EQ(python_of(Text('"', path, '"')), path);
  EXPECT_EQ(python_of(Text('\'', path, '\'')), path);
  EXPECT_EQ(python_of("/bin/sh"), "/bin/sh");
}

TEST(PythonOf, IsNotWhatAWrapperStarts) {
  const Installation installed;
  const std::string& path = installed.python.native();

  for (const std::string& text :
       {Text("#!/bin/sh\nexec \"", path, "\" \"$@\"\n"),
        Text("#!/bin/sh\nexec '", path, "' \"$@\"\n"), Text("#!/bin/sh\nexec /bin/sh\n"),
        Text("#!/bin/sh\n'''exec' \"$(dirname \"$0\")\"/python \"$0\" \"$@\"\n"),
        Text("#!/bin/sh\n'''exec' \"", path), Text("#!/bin/sh\n'''exec' "),
        Text("#!/bin/sh\n"), Text("")})
    EXPECT_THROW((void)installed.PythonOfDbt(text), Error) << text;
}

}  // namespace
}  // namespace aft
