// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt/dbt_executable.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// A virtual environment of a real Python, whose dbt has only names; with an empty
/// version it has none.
class InstalledDbt {
 public:
  explicit InstalledDbt(const std::string& version, const std::string& flags = "") {
    const fs::path base = fs::canonical("/usr/bin/python3");
    const std::string packages = "lib/" + base.filename().native() + "/site-packages/";
    folder_.Write("pyvenv.cfg",
                  "home = /usr/bin\ninclude-system-site-packages = false\n");
    // Each start of the Python leaves a line.
    folder_.Write(packages + "noted.pth", "import noted\n");
    folder_.Write(packages + "noted.py",
                  Text("open('", (folder_.path() / "asked").native(),
                       "', 'a').write('asked\\n')\n"));
    if (!version.empty())
      folder_.Write(packages + "dbt_core-" + version + ".dist-info/METADATA",
                    Text("Metadata-Version: 2.1\nName: dbt-core\nVersion: ", version));
    folder_.Write(packages + "dbt/__init__.py", "");
    if (version >= "1.8" || version.starts_with("1.1")) {
      folder_.Write(packages + "dbt/plugins/manager.py", "");
      folder_.Write(packages + "dbt_common/events/event_manager_client.py", "");
    }
    python = folder_.path() / "bin/python";
    fs::create_directories(python.parent_path());
    fs::create_symlink(base, python);
    dbt = Executable("bin/dbt", Text("#!", python.native(), flags,
                                     "\nimport sys, dbt\n"
                                     "print('python path:', sys.executable)\n"));
    question = {AFT_QUESTION_FOLDER, folder_.path() / "cache/dbt.json", folder_.path()};
  }

  fs::path Executable(const std::string& name, const std::string& text) const {
    const fs::path file = folder_.Write(name, text);
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }

  /// A script that starts this dbt.
  fs::path Wrapper(const std::string& before = "") const {
    return Executable("wrapper",
                      Text("#!/bin/sh\n", before, "\necho of a wrapper\nexec '",
                           dbt.native(), "' \"$@\"\n"));
  }

  [[nodiscard]] DbtAbility Ask() const { return AskDbt(dbt, question); }

  [[nodiscard]] long TimesAsked() const {
    const std::string asked = folder_.Read("asked");
    return std::count(asked.begin(), asked.end(), '\n');
  }

  void WriteCache(const std::string& text) const {
    folder_.Write("cache/dbt.json", text);
  }

  fs::path python;
  fs::path dbt;
  DbtQuestion question;

 private:
  TemporaryFolder folder_;
};

TEST(GateProbe, AsksThePythonOfADbt) {
  for (const char* flags : {"", " -E", " -I"}) {
    const InstalledDbt dbt("1.10.23", flags);

    const DbtAbility ability = dbt.Ask();

    EXPECT_TRUE(ability.can_load_gate) << flags;
    EXPECT_EQ(ability.reason, "");
    EXPECT_EQ(ability.python, dbt.python);
    EXPECT_EQ(ability.version, "1.10.23");
  }
}

TEST(GateProbe, SaysWhyADbtCannotLoadTheGate) {
  const InstalledDbt old("1.7.20");
  EXPECT_FALSE(old.Ask().can_load_gate);
  EXPECT_EQ(old.Ask().reason, "dbt-core 1.7.20 has no plugins that hear of events");
  EXPECT_EQ(old.Ask().python, old.python);

  EXPECT_EQ(InstalledDbt("").Ask().reason, "it has no dbt-core in its Python");

  const InstalledDbt broken("1.10.23");
  const TemporaryFolder empty;
  const EnvironmentVariable encodings("PYTHONHOME", empty.path().c_str());
  EXPECT_EQ(broken.Ask().reason, "its Python does not answer");
}

TEST(GateProbe, AsksThroughWrappers) {
  const InstalledDbt dbt("1.10.23");
  const std::string path = dbt.python.parent_path().native() + ":/usr/bin:/bin";
  const EnvironmentVariable search_path("PATH", path);

  for (const fs::path& wrapper :
       {dbt.Wrapper(), dbt.Executable("env", "#!/usr/bin/env python\nimport dbt.cli\n"),
        dbt.Executable("child", Text("#!/bin/sh\n'", dbt.dbt.native(), "' $@\nexit 3\n")),
        dbt.Executable("module", "#!/bin/sh\nexec python -m dbt.cli.main \"$@\"\n")}) {
    const DbtAbility ability = AskDbt(wrapper, dbt.question);

    EXPECT_TRUE(ability.can_load_gate) << wrapper;
    EXPECT_EQ(ability.python, dbt.python) << wrapper;
  }
}

TEST(GateProbe, AsksThroughPythonAndCompiledWrappers) {
  const InstalledDbt plain("1.10.23");
  const InstalledDbt empty("");
  const std::string start =
      Text("import os, sys\nos.execv('", plain.dbt.native(), "', sys.argv)\n");
  // As a shim by its own name, which finds by that what it starts.
  const fs::path compiled = plain.python.parent_path() / "dbt-shim";
  fs::copy_file(AFT_EXEC_SHIM, compiled);
  const EnvironmentVariable started("AFT_TEST_STARTS", plain.dbt);

  for (const fs::path& wrapper :
       {empty.Executable("in_python", Text("#!", empty.python.native(), " -I\n", start)),
        compiled}) {
    for (int i = 0; i < 2; ++i) {
      const DbtAbility ability = AskDbt(wrapper, plain.question);
      EXPECT_TRUE(ability.can_load_gate) << wrapper << ability.reason;
      EXPECT_EQ(ability.python, plain.python) << wrapper;
    }
  }
}

TEST(GateProbe, FindsThePythonThatEnvFinds) {
  const InstalledDbt first("1.7.20");
  const InstalledDbt second("1.10.23");
  const fs::path dbt =
      first.Executable("bin/dbt", "#!/usr/bin/env -S python -I\nimport dbt.cli\n");

  for (const InstalledDbt* found : {&first, &second}) {
    const std::string path = found->python.parent_path().native() + ":/usr/bin:/bin";
    const EnvironmentVariable search_path("PATH", path);
    const DbtAbility ability = AskDbt(dbt, first.question);

    EXPECT_EQ(ability.can_load_gate, found == &second) << ability.reason;
    EXPECT_EQ(ability.python, found->python);
    EXPECT_TRUE(PythonNamedBy(dbt)->IgnoresPath());
  }
}

TEST(GateProbe, DoesNotNameTheSameDbtAgain) {
  const InstalledDbt dbt("1.10.23");
  const fs::path wrapper = dbt.Executable(
      "bin/dbt", Text("#!/bin/sh\nexec '", dbt.python.native(),
                      "' -I -c \"print('python path: ", dbt.python.native(), "')\"\n"));

  EXPECT_EQ(AskDbt(wrapper, dbt.question).reason,
            Text("PYTHONPATH does not reach its Python; have the first line of a copy of "
                 "it say '#!",
                 dbt.python.native(), "', and name that with '--aft-dbt PATH'"));
}

TEST(GateProbe, TellsWhichDbtToNameWhereAWrapperCannotBeFollowed) {
  const InstalledDbt isolated("1.10.23", " -E");
  const InstalledDbt plain("1.10.23");

  for (const auto& [dbt, before] : {std::pair(&isolated, ""), {&plain, "PYTHONPATH="}}) {
    const DbtAbility ability = AskDbt(dbt->Wrapper(before), dbt->question);

    EXPECT_FALSE(ability.can_load_gate);
    EXPECT_EQ(ability.reason,
              Text("PYTHONPATH does not reach its Python; name the dbt that it starts, "
                   "with '--aft-dbt ",
                   dbt->dbt.native(), "'"));
    EXPECT_EQ(ability.python, dbt->python);
  }
}

TEST(GateProbe, AsksAWrapperEachTime) {
  const InstalledDbt old("1.7.20");
  const InstalledDbt current("1.10.23");
  const fs::path shim =
      old.Executable("shim", "#!/bin/sh\nexec \"$DBT_OF_TODAY\" \"$@\"\n");

  const auto ask = [&](const InstalledDbt& dbt) {
    const EnvironmentVariable chosen("DBT_OF_TODAY", dbt.dbt);
    return AskDbt(shim, old.question).can_load_gate;
  };

  EXPECT_FALSE(ask(old));
  EXPECT_TRUE(ask(current));
  EXPECT_FALSE(ask(old));
}

TEST(GateProbe, TakesOtherProgramsForNoPython) {
  const InstalledDbt dbt("1.10.23");
  const fs::path compiled = dbt.python.parent_path() / "dbt-fusion";
  fs::copy_file("/bin/true", compiled);

  for (const fs::path& program :
       {fs::path("/bin/true"), compiled, dbt.python.parent_path() / "gone"}) {
    const DbtAbility ability = AskDbt(program, dbt.question);
    EXPECT_FALSE(ability.can_load_gate) << program;
    EXPECT_EQ(ability.reason, "it is no Python program") << program;
    EXPECT_EQ(ability.python, "");
  }
}

TEST(GateProbe, KnowsTheVersionOfADbtWithoutPython) {
  const InstalledDbt dbt("1.10.23");
  const fs::path compiled = dbt.python.parent_path() / "dbt-compiled";
  fs::copy_file(AFT_EXEC_SHIM, compiled);
  const EnvironmentVariable started(
      "AFT_TEST_STARTS",
      dbt.Executable("dbt2", "#!/bin/sh\necho dbt-core 2.0.0-alpha.4\n"));

  const DbtAbility ability = AskDbt(compiled, dbt.question);

  EXPECT_EQ(ability.version, "2.0.0-alpha.4");
  EXPECT_EQ(ability.reason, "it is no Python program");
}

TEST(GateProbe, AsksAgainOnlyWhenTheExecutableHasChanged) {
  const InstalledDbt dbt("1.7.20");

  const DbtAbility first = dbt.Ask();
  const DbtAbility second = dbt.Ask();
  EXPECT_EQ(dbt.TimesAsked(), 1);
  EXPECT_EQ(second.reason, first.reason);
  EXPECT_EQ(second.python, first.python);
  EXPECT_EQ(second.version, "1.7.20");
  fs::last_write_time(dbt.dbt, fs::last_write_time(dbt.dbt) + std::chrono::seconds(1));
  (void)dbt.Ask();

  EXPECT_EQ(dbt.TimesAsked(), 2);
}

TEST(GateProbe, KeepsTheAnswersOfSeveralApart) {
  const InstalledDbt old("1.7.20");
  const InstalledDbt current("1.10.23");

  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(AskDbt(old.dbt, old.question).can_load_gate);
    EXPECT_TRUE(AskDbt(current.dbt, old.question).can_load_gate);
  }

  EXPECT_EQ(old.TimesAsked() + current.TimesAsked(), 2);
}

TEST(GateProbe, AsksWhereItsCacheCannotBeUsed) {
  InstalledDbt dbt("1.10.23");
  for (const char* text : {"", "[", "[]", "{}"}) {
    dbt.WriteCache(text);
    EXPECT_TRUE(dbt.Ask().can_load_gate) << text;
  }
  dbt.WriteCache(Text("{\"", dbt.dbt.native(), "\": {\"changed\": \"?\", \"gate\": 1}}"));
  EXPECT_TRUE(dbt.Ask().can_load_gate);

  dbt.question.cache_file = dbt.dbt / "below a file";
  EXPECT_TRUE(dbt.Ask().can_load_gate);
  EXPECT_EQ(dbt.TimesAsked(), 6);
}

TEST(GateProbe, KeepsItsAnswersInTheCacheOfTheUser) {
  const EnvironmentVariable home("HOME", "/home/ann");
  const EnvironmentVariable cache("XDG_CACHE_HOME", "/cache");
  EXPECT_EQ(GateCacheFile(), "/cache/aft/dbt.json");

  const EnvironmentVariable relative("XDG_CACHE_HOME", "cache");
  EXPECT_EQ(GateCacheFile(), "/home/ann/.cache/aft/dbt.json");

  const EnvironmentVariable nowhere("HOME", "");
  EXPECT_EQ(GateCacheFile(), "");
}

}  // namespace
}  // namespace aft
