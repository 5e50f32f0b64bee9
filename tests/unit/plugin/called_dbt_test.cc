// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/called_dbt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "host_shim/error.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::StartsWith;

/// A folder without a project, and virtual environments of a real Python in it.
class CalledDbt : public ::testing::Test {
 protected:
  CalledDbt() { fs::current_path(folder_.path()); }
  ~CalledDbt() override { fs::current_path(before_); }

  fs::path MakeEnvironment(const std::string& name) const {
    const fs::path python = folder_.Write(name + "/bin/python3", "");
    fs::remove(python);
    fs::create_symlink(fs::canonical("/usr/bin/python3"), python);
    folder_.Write(name + "/pyvenv.cfg",
                  "home = /usr/bin\ninclude-system-site-packages = false\n");
    return python;
  }

  std::string Refusal() {
    try {
      const aft::CalledDbt dbt(context_, "", {"run"});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path before_ = fs::current_path();
  TemporaryFolder folder_;
  EnvironmentVariable path_{"PATH", "/nowhere"};
  EnvironmentVariable environment_{"VIRTUAL_ENV", ""};
  EnvironmentVariable cache_{"XDG_CACHE_HOME", folder_.path() / "cache"};
  EnvironmentVariable runtime_{"XDG_RUNTIME_DIR", folder_.path()};
  EventLoop loop_;
  CommandContext context_{loop_,
                          {"", AFT_PACKAGES, "", AFT_QUESTION_FOLDER},
                          {[](const std::string&) {}, [](const std::string&) {}},
                          {[] {}, [](const std::string&) {}}};
};

TEST_F(CalledDbt, IsAskedForWithTheCommandThatInstallsItWhereItIsLookedForFirst) {
  const fs::path python = MakeEnvironment(".venv");
  EXPECT_THAT(Refusal(), StartsWith("cannot find dbt: there is none in "));
  EXPECT_THAT(Refusal(), EndsWith(Text("uv pip install --python ", python.native(),
                                       " dbt-core dbt-postgres pandas pyarrow")));

  const fs::path active = MakeEnvironment("active");
  const EnvironmentVariable environment("VIRTUAL_ENV", folder_.path() / "active");

  EXPECT_THAT(Refusal(), EndsWith(Text("uv pip install --python ", active.native(),
                                       " dbt-core dbt-postgres pandas pyarrow")));
}

TEST_F(CalledDbt, IsAskedForWherePythonDoesNotAnswer) {
  const std::string advice =
      ", or install dbt-core and the adapter of your warehouse, such as dbt-postgres, in "
      "a virtual environment of Python 3.9 or later";
  EXPECT_THAT(Refusal(), EndsWith(advice));

  fs::permissions(folder_.Write(".venv/bin/python3", "#!/bin/false\n"),
                  fs::perms::owner_all);

  EXPECT_THAT(Refusal(), EndsWith(advice));
}

TEST_F(CalledDbt, HasAnAgeProblemBefore1) {
  const fs::path python = MakeEnvironment("old");
  const std::string packages =
      "old/lib/" + fs::canonical(python).filename().native() + "/site-packages/";
  for (const auto& [name, files] : std::map<std::string, std::string>{
           {"core", "starter_project"}, {"sqlite", "sqlite"}}) {
    const std::string info = Text(packages, "dbt_", name, "-0.21.1.dist-info/");
    folder_.Write(info + "METADATA",
                  Text("Metadata-Version: 2.1\nName: dbt-", name, "\nVersion: 0.21.1\n"));
    folder_.Write(info + "RECORD", Text("dbt/include/", files, "/a.sql,,\n"));
  }
  const fs::path program = folder_.Write("old/bin/dbt", Text("#!", python.native()));
  fs::permissions(program, fs::perms::owner_all);

  aft::CalledDbt dbt(context_, program, {"run"});
  EXPECT_EQ(dbt.AgeProblem(), "");
  (void)dbt.Ask();

  EXPECT_EQ(dbt.AgeProblem(),
            Text("dbt-core 0.21.1 is too old for scripts, which need 1.0 or later; name "
                 "another dbt with '--aft-dbt PATH', or install with: uv pip install "
                 "--python ",
                 python.native(), " 'dbt-core>=1.8' dbt-sqlite pandas pyarrow"));
}

}  // namespace
}  // namespace aft
