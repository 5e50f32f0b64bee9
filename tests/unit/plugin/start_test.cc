// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "host_shim/error.h"
#include "plugin/commands/list.h"
#include "tests/support/environment_variable.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A command in an empty folder, where there is no project and no dbt.
class Start : public ::testing::Test {
 protected:
  Start() { std::filesystem::current_path(folder_.path()); }
  ~Start() override { std::filesystem::current_path(before_); }

  std::unique_ptr<aft::Run> Begin(const std::vector<std::string>& arguments) {
    return StartCommand(context_, arguments);
  }

  /// The exit code of a command that starts nothing.
  int ExitCode(const std::vector<std::string>& arguments) {
    const std::unique_ptr<aft::Run> run = Begin(arguments);
    EXPECT_EQ(run->NextStep(), aft::Run::Next::kEnd);
    return run->exit_code();
  }

  std::string Refusal(const std::vector<std::string>& arguments) {
    try {
      (void)Begin(arguments);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path before_ = std::filesystem::current_path();
  TemporaryFolder folder_;
  EnvironmentVariable path_{"PATH", "/nowhere"};
  EnvironmentVariable virtual_env_{"VIRTUAL_ENV", ""};
  EnvironmentVariable temporary_{"XDG_RUNTIME_DIR", folder_.path().native()};
  EventLoop loop_;
  std::string output_;
  std::string errors_;
  CommandContext context_{
      loop_,
      {"/lib/aft-python", "/lib/python", "/lib/gate", "/lib/question"},
      {[this](const std::string& text) { output_ += text; },
       [this](const std::string& text) { errors_ += text; }},
      {[] {}, [](const std::string&) {}}};
};

TEST_F(Start, AnswersHelpWithoutAProjectOrDbt) {
  EXPECT_EQ(ExitCode({"--aft-dbt", "/no/dbt", "--help"}), 0);

  for (const Command* command : Commands())
    EXPECT_THAT(output_, HasSubstr("\n  " + std::string(command->usage.name) + " "));
  EXPECT_THAT(output_, HasSubstr("--aft-dbt PATH"));
  EXPECT_THAT(output_, HasSubstr("--aft-mode MODE"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Start, AnswersHelpOfEachCommandThatDoesNotPassItOn) {
  for (const Command* command : Commands()) {
    if (command->usage.name == "dbt") continue;
    output_.clear();
    const std::string name(command->usage.name);
    EXPECT_EQ(ExitCode({name, "--help"}), 0);
    EXPECT_THAT(output_, HasSubstr("Usage: aft " + name));
    for (const CommandArgument& option : command->usage.options)
      EXPECT_THAT(output_, HasSubstr(std::string(option.name)));
  }
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(Start, KeepsHelpWithinEightyColumns) {
  EXPECT_EQ(ExitCode({"-h"}), 0);
  EXPECT_EQ(ExitCode({"write", "-h"}), 0);

  EXPECT_THAT(output_, testing::Not(testing::ContainsRegex("[^\n]{81}")));
}

TEST_F(Start, HasItsHelpForAnErrorWhereThereIsNoCommand) {
  EXPECT_EQ(ExitCode({}), 2);
  EXPECT_EQ(ExitCode({"--aft-mode", "live"}), 2);

  EXPECT_THAT(errors_, HasSubstr("Commands:\n"));
  EXPECT_THAT(output_, IsEmpty());
}

TEST_F(Start, TakesOptionsOfAftBeforeAndAfterTheCommand) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--aft-dbt", "/bin/true", "dbt", "debug", "-x"},
           {"--aft-dbt=/bin/true", "--aft-mode=staged", "dbt", "debug", "-x"},
           {"dbt", "--aft-dbt", "/bin/true", "debug", "-x"},
           {"dbt", "debug", "-x", "--aft-dbt=/bin/true"}}) {
    const std::unique_ptr<aft::Run> run = Begin(arguments);
    EXPECT_EQ(run->NextStep(), aft::Run::Next::kStart);
    EXPECT_THAT(run->command().argv, ElementsAre("/bin/true", "debug", "-x"));
  }
}

TEST_F(Start, TakesFlowRunForDbtRun) {
  const std::unique_ptr<aft::Run> run = Begin(
      {"flow", "--aft-dbt=/bin/true", "run", "--experimental-flow", "-s", "a", "-h"});

  EXPECT_THAT(run->command().argv, ElementsAre("/bin/true", "run", "-s", "a", "-h"));
}

TEST_F(Start, TakesOptionsOfFalBeforeItsCommandsWhereTheRightMostCounts) {
  const std::unique_ptr<aft::Run> run = Begin(
      {"--aft-dbt=/bin/true", "--project-dir", "a", "--debug", "--defer", "flow",
       "--disable-logging", "--profiles-dir=c", "run", "-s", "d", "--project-dir=b"});

  EXPECT_THAT(run->command().argv,
              ElementsAre("/bin/true", "--debug", "run", "-s", "d", "--project-dir", "b",
                          "--profiles-dir", "c", "--defer"));
  EXPECT_EQ(ExitCode({"-v"}), 0);
}

TEST_F(Start, NamesWhatItDoesNotKnow) {
  EXPECT_EQ(Refusal({"dtb", "run"}), "unknown command 'dtb'; did you mean 'aft dbt'?");
  EXPECT_EQ(Refusal({"dance"}),
            "unknown command 'dance'; 'aft --help' lists the commands");
  EXPECT_EQ(
      Refusal({"--profiles-dir", "x", "dbt", "run"}),
      "aft has no option '--profiles-dir'; options of dbt come after 'aft dbt'; see "
      "'aft --help'");
  EXPECT_EQ(Refusal({"--aft-mdoe=live", "dbt"}),
            "aft has no option '--aft-mdoe'; did you mean '--aft-mode'?");
  EXPECT_EQ(Refusal({"--aft-dbt"}), "'--aft-dbt' needs a value, PATH; see 'aft --help'");
  EXPECT_EQ(Refusal({"flow", "seed"}), "'aft flow' takes 'run', not 'seed'");
  EXPECT_EQ(Refusal({"flow"}),
            "'aft flow' needs the argument run; see 'aft flow --help'");
  EXPECT_EQ(Refusal({"--aft-mode", "live", "debug"}),
            "'aft debug' has no option '--aft-mode'; see 'aft debug --help'");
  EXPECT_EQ(Refusal({"dbt", "run", "--aft-mode", "fast"}),
            "'--aft-mode' takes 'auto', 'live' or 'staged', not 'fast'");
}

TEST_F(Start, RefusesARunOfScriptsWithoutAProfile) {
  const EnvironmentVariable home("HOME", folder_.path().native());
  const std::filesystem::path dbt = folder_.Write("dbt", "#!/usr/bin/python3\n");
  std::filesystem::permissions(dbt, std::filesystem::perms::owner_all);
  folder_.Write("dbt_project.yml", "{name: shop, profile: shop}");
  const auto refusal = [&](const std::string& command) {
    return Refusal({"dbt", command, "--aft-dbt", dbt});
  };
  EXPECT_EQ(refusal("run"), "");

  folder_.Write("scripts/a.py", "");
  folder_.Write("models/a.yml",
                "models: [{name: a, config: {meta: {aft: {scripts: [scripts/a.py]}}}}]");

  EXPECT_EQ(refusal("build"),
            Text("cannot find '", (folder_.path() / ".dbt/profiles.yml").native(),
                 "'; dbt takes profiles.yml from the folder that '--profiles-dir' or "
                 "DBT_PROFILES_DIR names, else from the working folder or ~/.dbt: put it "
                 "there, or make one with 'dbt init'"));
  EXPECT_EQ(refusal("parse"), "");
  folder_.Write(".dbt/profiles.yml", "shop:");
  EXPECT_THAT(refusal("build"), testing::Not(HasSubstr("profiles.yml")));
}

}  // namespace
}  // namespace aft
