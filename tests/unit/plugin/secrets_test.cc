// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/secrets.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

TEST(Secrets, AreMaskedWhereverTheyStand) {
  Secrets secrets;
  secrets.Add("hunter2");

  EXPECT_EQ(secrets.Masked("hunter2 and xhunter2hunter2y"), "***** and x**********y");
  EXPECT_EQ(secrets.Masked("hunter"), "hunter");
}

TEST(Secrets, ALongerOneIsMaskedWhole) {
  Secrets secrets;
  secrets.Add("abc");
  secrets.Add("abcdef");

  EXPECT_EQ(secrets.Masked("abcdef abc"), "***** *****");
}

TEST(Secrets, LinesOfAKeyAreSecretsAsWell) {
  Secrets secrets;
  secrets.Add("-----BEGIN\nMIIEvQIBADANBg\n}\nkqhkiG9w0BAQEF");

  EXPECT_EQ(secrets.Masked("MIIEvQIBADANBg"), "*****");
  EXPECT_EQ(secrets.Masked("kqhkiG9w0BAQEF"), "*****");
  EXPECT_EQ(secrets.Masked("{}"), "{}");
}

TEST(Secrets, ATextIsCutBeforeThem) {
  Secrets secrets;
  secrets.Add("hunter2");
  secrets.Add("terrific");

  EXPECT_EQ(secrets.CutOf("nothing of them"), 15U);
  EXPECT_EQ(secrets.CutOf("is hunter2"), 10U);
  EXPECT_EQ(secrets.CutOf("is hunter"), 3U);
  EXPECT_EQ(secrets.CutOf("is t"), 3U);
  EXPECT_EQ(secrets.CutOf("hunter"), 6U);
  secrets.Add("s3crets");
  EXPECT_EQ(secrets.CutOf("is s3crets"), 3U);
  EXPECT_EQ(secrets.CutOf("is hunter2 s3crets3cre"), 11U);
}

TEST(Secrets, NothingIsNoSecret) {
  Secrets secrets;
  secrets.Add("");
  secrets.Add("*");

  EXPECT_EQ(secrets.Masked("a * b"), "a ***** b");
}

}  // namespace
}  // namespace aft
