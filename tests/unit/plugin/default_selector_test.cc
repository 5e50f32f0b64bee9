// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/default_selector.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

TEST(DefaultSelector, IsOneThatIsMarkedSo) {
  const TemporaryFolder folder;
  EXPECT_FALSE(MayHaveDefaultSelector(folder.path()));
  const auto may_have = [&](const char* text) {
    folder.Write("selectors.yml", text);
    return MayHaveDefaultSelector(folder.path());
  };

  EXPECT_TRUE(may_have("selectors: [{name: a}, {name: b, default: true}]"));
  EXPECT_TRUE(may_have("selectors: [{name: a, 'default': \"{{ target.name }}\"}]"));
  EXPECT_TRUE(may_have("selectors: ["));
  EXPECT_FALSE(may_have("selectors: [{name: default, default: false}]"));
  EXPECT_FALSE(may_have("selectors: [{name: a, description: not the default}]"));
  EXPECT_FALSE(may_have("defaults: []"));
  EXPECT_FALSE(may_have("# default\nselectors: no list"));
}

}  // namespace
}  // namespace aft
