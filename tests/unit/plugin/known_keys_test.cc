// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/known_keys.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

TEST(KnownKeys, AreSuggestedWhereOneIsClose) {
  EXPECT_EQ(UnknownKey("script", "under 'aft'", kProductKeys),
            "unknown key 'script' under 'aft'; did you mean 'scripts'?");
  EXPECT_EQ(UnknownKey("first", "under 'scripts'", kScriptsKeys),
            "unknown key 'first' under 'scripts'; the keys are 'before' and 'after'");
  EXPECT_EQ(UnknownKey("images", "", kEnvironmentFileKeys),
            "unknown key 'images'; the only key is 'environments'");
}

TEST(KnownKeys, TellAMisspeltProductFromOtherWords) {
  EXPECT_EQ(MisspeltProduct("fall"), "fal");
  EXPECT_EQ(MisspeltProduct("Aft"), "aft");
  EXPECT_EQ(MisspeltProduct("atf"), "aft");
  for (const char* other :
       {"fal", "aft", "falcon", "after", "draft", "owner", "fallback"})
    EXPECT_EQ(MisspeltProduct(other), "") << other;
}

TEST(KnownKeys, TellAMisspeltMetaFromOtherWords) {
  for (const char* misspelt : {"metta", "Meta", "+mata", "mtea"})
    EXPECT_TRUE(IsMisspeltMeta(misspelt)) << misspelt;
  for (const char* other : {"meta", "+meta", "metadata", "metrics", "models"})
    EXPECT_FALSE(IsMisspeltMeta(other)) << other;
}

}  // namespace
}  // namespace aft
