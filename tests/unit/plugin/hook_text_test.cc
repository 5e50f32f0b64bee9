// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/hook_text.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

TEST(WriteAtTop, IsAStatementOfItsOwn) {
  EXPECT_EQ(WriteAtTop("x = 1\nwrite_to_model(df)\n"), "write_to_model");
  EXPECT_EQ(WriteAtTop("write_to_source(df, 'a', 'b')"), "write_to_source");
  EXPECT_EQ(WriteAtTop("if x:\n  write_to_model(df)\n"), "");
  EXPECT_EQ(WriteAtTop("# write_to_model(df)\n"), "");
}

TEST(WriteAtTop, IsNotInATextOfSeveralLines) {
  EXPECT_EQ(WriteAtTop("\"\"\"Like\nwrite_to_model(df)\n\"\"\"\n"), "");
  EXPECT_EQ(WriteAtTop("'''a\n\"\"\"\nwrite_to_model(df)\n'''\n"), "");
  EXPECT_EQ(WriteAtTop("'''a'''\nwrite_to_model(df)\n"), "write_to_model");
}

TEST(WriteAtTop, TakesMarksInCommentsAndTextsOfALineForWhatTheyAre) {
  EXPECT_EQ(WriteAtTop("# use \"\"\"\nwrite_to_model(df)\n"), "write_to_model");
  EXPECT_EQ(WriteAtTop("x = '\"\"\"'\nwrite_to_model(df)\n"), "write_to_model");
  EXPECT_EQ(WriteAtTop("x = \"it\\\"s # '''\"\nwrite_to_model(df)\n"), "write_to_model");
  EXPECT_EQ(WriteAtTop("# use \"\"\"\n\"\"\"\nwrite_to_model(df)\n\"\"\"\n"), "");
}

}  // namespace
}  // namespace aft
