// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_invocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;
using testing::ThrowsMessage;

DbtInvocation Called(const std::vector<std::string>& words,
                     const std::string& dbt_version = "",
                     const std::map<std::string, std::string>& flags = {}) {
  ProjectConfig project;
  project.folder = "/shop";
  project.flags = flags;
  return InvocationOf(DbtArguments(words, DbtVariables(dbt_version)), "/bin/true",
                      project);
}

std::string Variables(const std::string& yaml) {
  return Called({"run", "--vars", yaml}).variables;
}

TEST(DbtInvocation, ReadsOptions) {
  const DbtInvocation invocation =
      Called({"build", "--profiles-dir", "/profiles", "--profile", "p", "-t", "dev",
              "--target-path", "out", "--threads", "4", "--printer-width", "100",
              "--no-use-colors", "--no-write-json", "-x"});

  EXPECT_EQ(invocation.command, "build");
  EXPECT_EQ(invocation.project_folder, "/shop");
  EXPECT_EQ(invocation.profiles_folder, "/profiles");
  EXPECT_EQ(invocation.profile, "p");
  EXPECT_EQ(invocation.target, "dev");
  EXPECT_EQ(invocation.target_folder, "out");
  EXPECT_EQ(invocation.threads, 4);
  EXPECT_EQ(invocation.printer_width, 100);
  EXPECT_FALSE(invocation.use_colors);
  EXPECT_FALSE(invocation.writes_json);
  EXPECT_TRUE(invocation.fails_fast);
}

TEST(DbtInvocation, LeavesToOthersWhatTheUserDoes) {
  const EnvironmentVariable home("HOME", "/home/ann");

  const DbtInvocation invocation = Called({"run", "--threads", "many"});

  EXPECT_EQ(invocation.profiles_folder, "/home/ann/.dbt");
  EXPECT_EQ(invocation.target, "");
  EXPECT_EQ(invocation.variables, "{}");
  EXPECT_EQ(invocation.threads, 0);
  EXPECT_EQ(invocation.printer_width, 80);
  EXPECT_TRUE(invocation.use_colors);
  EXPECT_TRUE(invocation.writes_json);
}

TEST(DbtInvocation, ReadsVariablesOfTheEnvironment) {
  const EnvironmentVariable profiles("DBT_PROFILES_DIR", "/profiles");
  const EnvironmentVariable target("DBT_ENGINE_TARGET_PATH", "out");
  const EnvironmentVariable colors("DBT_USE_COLORS", "false");

  const DbtInvocation invocation = Called({"run"});

  EXPECT_EQ(invocation.profiles_folder, "/profiles");
  EXPECT_EQ(invocation.target_folder, "out");
  EXPECT_FALSE(invocation.use_colors);
}

TEST(DbtInvocation, ReadsTheFlagsOfTheProject) {
  const TemporaryFolder profiles;
  profiles.Write("profiles.yml", "{shop: {target: dev}, config: {printer_width: 120}}");
  const std::vector<std::string> words = {"run", "--profiles-dir",
                                          profiles.path().native()};

  EXPECT_EQ(Called(words, "1.10.23", {{"printer_width", "100"}}).printer_width, 100);
  EXPECT_EQ(Called(words, "1.6.9", {{"printer_width", "100"}}).printer_width, 120);
  EXPECT_EQ(Called(words, "1.10.23").printer_width, 120);
  profiles.Write("profiles.yml", "{");
  EXPECT_EQ(Called(words).printer_width, 80);
}

TEST(DbtInvocation, KeepsTheTypesOfVars) {
  EXPECT_EQ(Variables("{a: 1, b: 1.5, c: true, d: text, e: null, f: ~}"),
            R"({"a":1,"b":1.5E0,"c":true,"d":"text","e":null,"f":null})");
  EXPECT_EQ(Variables("{a: '1', b: \"true\", c: 2026-01-31, d: 1e3, e: y, f: .inf}"),
            R"({"a":"1","b":"true","c":"2026-01-31","d":"1e3","e":"y","f":".inf"})");
  EXPECT_EQ(Variables("{list: [1, [a]], map: {x: {y: no}}}"),
            R"({"list":[1,["a"]],"map":{"x":{"y":false}}})");
  EXPECT_EQ(Variables("key: value"), R"({"key":"value"})");
  EXPECT_EQ(Variables(R"({"json": ["ü", -2]})"), R"({"json":["ü",-2]})");
}

TEST(DbtInvocation, RefusesVarsThatAreNoMapping) {
  for (const char* yaml : {"[1]", "text", "{a: [}", "\"", "a: b: c"})
    EXPECT_THAT([yaml] { Variables(yaml); },
                ThrowsMessage<Error>(StartsWith("cannot read '--vars': ")))
        << yaml;
  EXPECT_THAT(
      [] { Variables("{a: " + std::string(100, '[') + std::string(100, ']') + "}"); },
      ThrowsMessage<Error>("cannot read '--vars': they are nested too deep"));
}

TEST(DbtInvocation, FindsOurOwnVariables) {
  const DbtInvocation invocation =
      Called({"run", "--vars",
              "{fal-scripts-path: scripts, number: 3, aft: {timeout: 10m, retries: 2}}"});

  EXPECT_EQ(CommandLineVariable(invocation, "fal-scripts-path"), "scripts");
  EXPECT_EQ(CommandLineVariable(invocation, "number"), "");
  EXPECT_EQ(CommandLineVariable(invocation, "none"), "");
  EXPECT_THAT(CommandLineSettings(invocation),
              ElementsAre(Pair("retries", "2"), Pair("timeout", "10m")));
}

TEST(CommandLineTexts, AreReadFromTheValueOfVars) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(CommandLineTexts("{fal-models-paths: a}", "fal-models-paths"), Texts{"a"});
  EXPECT_EQ(CommandLineTexts("{fal-models-paths: [a, b, 1]}", "fal-models-paths"),
            (Texts{"a", "b"}));
  EXPECT_EQ(CommandLineTexts("{fal-models-paths: []}", "fal-models-paths"), Texts());
  EXPECT_EQ(CommandLineTexts("{fal-models-paths: a", "fal-models-paths"), std::nullopt);
  EXPECT_EQ(CommandLineTexts("{x: fal-models-paths}", "fal-models-paths"), std::nullopt);
  EXPECT_EQ(CommandLineTexts("", "fal-models-paths"), std::nullopt);
}

}  // namespace
}  // namespace aft
