// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "host_shim/error.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// A script that pip might have installed, whose interpreter says what the test wants.
class InstalledDbt {
 public:
  explicit InstalledDbt(const std::string& answer) {
    const fs::path python = Executable(
        "python", Text("#!/bin/sh\necho asked >> '", (folder_.path() / "asked").native(),
                       "'\nprintf '", answer, "'\n"));
    dbt = Executable("dbt", Text("#!", python.native(), "\n"));
    cache = folder_.path() / "cache/dbt.json";
  }

  fs::path Executable(const std::string& name, const std::string& text) const {
    const fs::path file = folder_.Write(name, text);
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }

  [[nodiscard]] long TimesAsked() const {
    const std::string asked = folder_.Read("asked");
    return std::count(asked.begin(), asked.end(), '\n');
  }

  void WriteCache(const std::string& text) const {
    folder_.Write("cache/dbt.json", text);
  }

  fs::path dbt;
  fs::path cache;

 private:
  TemporaryFolder folder_;
};

TEST(GateProbe, AsksThePythonOfADbt) {
  const InstalledDbt dbt("a module prints\\naft: gate 1.10.23\\n");

  const DbtAbility ability = AskDbt(dbt.dbt, {});

  EXPECT_TRUE(ability.can_load_gate);
  EXPECT_EQ(ability.reason, "");
}

TEST(GateProbe, SaysWhyADbtCannotLoadTheGate) {
  const auto reason = [](const char* answer) {
    const InstalledDbt dbt(answer);
    const DbtAbility ability = AskDbt(dbt.dbt, {});
    EXPECT_FALSE(ability.can_load_gate);
    return ability.reason;
  };

  EXPECT_EQ(reason("\\naft: none 1.7.20\\n"),
            "dbt-core 1.7.20 has no plugins that hear of events");
  EXPECT_EQ(reason("\\naft: none \\n"), "it has no dbt-core in its Python");
  EXPECT_TRUE(reason("Traceback\\n").ends_with("its Python does not answer"));
}

TEST(GateProbe, TakesOtherProgramsForNoPython) {
  const InstalledDbt dbt("");
  const fs::path wrapper = dbt.Executable("wrapper", "#!/bin/sh\nexec dbt \"$@\"\n");

  for (const fs::path& program : {fs::path("/bin/true"), wrapper, fs::path("/gone")}) {
    const DbtAbility ability = AskDbt(program, {});
    EXPECT_FALSE(ability.can_load_gate) << program;
    EXPECT_EQ(ability.reason, "it is no Python program") << program;
  }
  EXPECT_EQ(dbt.TimesAsked(), 0);
}

TEST(GateProbe, AsksAgainOnlyWhenTheExecutableHasChanged) {
  const InstalledDbt dbt("\\naft: none 1.7.20\\n");

  const DbtAbility first = AskDbt(dbt.dbt, dbt.cache);
  const DbtAbility second = AskDbt(dbt.dbt, dbt.cache);
  EXPECT_EQ(dbt.TimesAsked(), 1);
  EXPECT_EQ(second.reason, first.reason);
  fs::last_write_time(dbt.dbt, fs::last_write_time(dbt.dbt) + std::chrono::seconds(1));
  (void)AskDbt(dbt.dbt, dbt.cache);

  EXPECT_EQ(dbt.TimesAsked(), 2);
}

TEST(GateProbe, KeepsTheAnswersOfSeveralApart) {
  const InstalledDbt old("\\naft: none 1.7.20\\n");
  const InstalledDbt current("\\naft: gate 1.10.23\\n");

  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(AskDbt(old.dbt, old.cache).can_load_gate);
    EXPECT_TRUE(AskDbt(current.dbt, old.cache).can_load_gate);
  }

  EXPECT_EQ(old.TimesAsked() + current.TimesAsked(), 2);
}

TEST(GateProbe, AsksWhereItsCacheCannotBeUsed) {
  const InstalledDbt dbt("\\naft: gate 1.10.23\\n");
  for (const char* text : {"", "[", "[]", "{}"}) {
    dbt.WriteCache(text);
    EXPECT_TRUE(AskDbt(dbt.dbt, dbt.cache).can_load_gate) << text;
  }
  dbt.WriteCache(Text("{\"", dbt.dbt.native(), "\": {\"changed\": \"?\", \"gate\": 1}}"));
  EXPECT_TRUE(AskDbt(dbt.dbt, dbt.cache).can_load_gate);

  EXPECT_TRUE(AskDbt(dbt.dbt, dbt.dbt / "below a file").can_load_gate);
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
