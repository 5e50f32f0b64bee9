// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/console.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

Script Score() {
  Script script;
  script.name = "models/score.py";
  script.node_name = "orders";
  return script;
}

TEST(Console, StartsALineAsDbtDoes) {
  EXPECT_EQ(Console(60, false).Started(Score()),
            "START script models/score.py after orders .................. [RUN]");
}

TEST(Console, SaysHowManyRowsAScriptWroteAndHowLongItTook) {
  Outcome outcome;
  outcome.succeeded = true;
  outcome.rows_written = 62;

  EXPECT_EQ(Console(60, false).Ended(Score(), outcome, 0.456),
            "OK ran script models/score.py after orders ................. "
            "[WROTE 62 in 0.46s]");
}

TEST(Console, ColorsTheStatusOnlyWhereDbtUsesColors) {
  Outcome outcome;
  outcome.succeeded = true;

  EXPECT_EQ(Console(10, true).Ended(Score(), outcome, 1),
            "OK ran script models/score.py after orders  [\x1b[32mOK\x1b[0m in 1.00s]");
}

TEST(Console, PutsTheIndentedTracebackUnderAFailure) {
  Outcome outcome;
  outcome.message = "ValueError: no rows (models/score.py:3)";
  outcome.traceback = "Traceback:\n  line 3\nValueError: no rows\n";

  EXPECT_EQ(Console(10, false).Ended(Score(), outcome, 0),
            "ERROR in script models/score.py after orders  [ERROR in 0.00s]\n"
            "  Traceback:\n    line 3\n  ValueError: no rows");
}

TEST(Console, LabelsWhatAScriptPrints) {
  EXPECT_EQ(Console::Output(Score(), "fitted"), "models/score.py | fitted");
}

TEST(Printable, KeepsTextOfEveryLanguage) {
  EXPECT_EQ(Printable("Grüße, 世界 🦆\tx\ny"), "Grüße, 世界 🦆\tx\ny");
}

TEST(Printable, EscapesWhatDrivesATerminal) {
  EXPECT_EQ(Printable("\x1b[2J\r\x07\x7f"), "\\x1b[2J\\x0d\\x07\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\xc2\\x9b");
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("a\xc3"), "a\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

}  // namespace
}  // namespace aft
