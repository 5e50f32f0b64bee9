// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Le;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

class ScriptOutputTest : public testing::Test {
 protected:
  ScriptOutput Output(const std::string& file = "logs/a.log") {
    return {folder_.path() / file, [this](const std::string& line, const char* level) {
              printed_.emplace_back(line, level);
            }};
  }

  TemporaryFolder folder_;
  std::vector<std::pair<std::string, std::string>> printed_;
};

TEST_F(ScriptOutputTest, GoesToTheConsoleAndToTheFile) {
  ScriptOutput output = Output();
  output.Add("one");
  output.Add("\x1b[31mtwo");
  output.Finish();

  EXPECT_THAT(printed_, ElementsAre(Pair("one", "info"), Pair("\\x1b[31mtwo", "info")));
  EXPECT_EQ(folder_.Read("logs/a.log"), "one\n\\x1b[31mtwo\n");
}

TEST_F(ScriptOutputTest, KeepsTheLevelThatALineIsMarkedWith) {
  ScriptOutput output = Output();
  output.Add("\x1ewarn\x1flow on disk");
  output.Add("\x1eshout\x1fhello");
  output.Add("\x1e");

  EXPECT_THAT(printed_,
              ElementsAre(Pair("low on disk", "warn"),
                          Pair("\\x1eshout\\x1fhello", "info"), Pair("\\x1e", "info")));
}

TEST_F(ScriptOutputTest, IsBoundedAndSaysSo) {
  ScriptOutput output = Output();
  const std::string line(65535, 'x');
  for (int i = 0; i < 300; ++i) output.Add(line);
  output.Finish();

  EXPECT_THAT(printed_.size(), Le(ScriptOutput::kMostOnConsole / line.size() + 3));
  EXPECT_THAT(printed_.at(printed_.size() - 2).first, StartsWith("[truncated here"));
  EXPECT_EQ(printed_.back().first, "[truncated: 2883584 bytes more were printed]");
  const std::string file = folder_.Read("logs/a.log");
  EXPECT_THAT(file.size(), Le(ScriptOutput::kMostInFile + 100));
  EXPECT_THAT(file, EndsWith("x\n[truncated: 2883584 bytes more were printed]\n"));
}

TEST_F(ScriptOutputTest, SaysOnceThatTheFileCannotBeWritten) {
  folder_.Write("logs", "a file where the folder should be");
  ScriptOutput output = Output();
  output.Add("one");
  output.Add("two");

  EXPECT_THAT(printed_, ElementsAre(Pair(HasSubstr("cannot write"), "warn"),
                                    Pair("one", "info"), Pair("two", "info")));
}

TEST_F(ScriptOutputTest, CountsOnlyWhatNeitherConsoleNorFileHas) {
  folder_.Write("logs", "a file where the folder should be");
  ScriptOutput output = Output();
  output.Add("shown");
  output.Finish();
  EXPECT_EQ(printed_.back().first, "shown");

  output.Add(std::string(ScriptOutput::kMostOnConsole, 'x'));
  EXPECT_EQ(printed_.back().first, "[truncated here]");
  output.Add("lost");
  output.Finish();

  EXPECT_EQ(printed_.back().first, "[truncated: 5 bytes more were printed]");
}

TEST(LogFile, StaysInItsFolderAndIsTheScriptsOwn) {
  EXPECT_EQ(LogFile("/l", "script.model.a.b.after.models/x.py"),
            "/l/script.model.a.b.after.models+x.py.log");
  const std::string odd = LogFile("/l", "script.x.1.models/schön.py");
  EXPECT_THAT(odd, StartsWith("/l/script.x.1.models+sch__n.py."));
  EXPECT_NE(odd, LogFile("/l", "script.x.1.models/schün.py"));
  EXPECT_NE(LogFile("/l", "a/b"), LogFile("/l", "a+b"));
  const std::string longest = LogFile("/l", std::string(5000, 'x'));
  EXPECT_THAT(longest.size(), Le(255U));
  EXPECT_NE(longest, LogFile("/l", std::string(5001, 'x')));
  EXPECT_THAT(LogFile("/l", "../../etc/passwd").filename().native(),
              AllOf(Not(HasSubstr("/")), EndsWith(".log")));
}

}  // namespace
}  // namespace aft
