// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/digest_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "plugin/scripts/script_digests.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A project whose dbt writes its manifest, which binds nothing, or does not.
class DigestKeeperTest : public ::testing::Test {
 protected:
  DigestKeeperTest() { folder_.Write("dbt_project.yml", "name: shop\n"); }

  [[nodiscard]] DigestKeeper Keeper() const {
    return {ReadProjectConfig(folder_.path()), folder_.path() / "target"};
  }
  void WriteManifest() const {
    folder_.Write("target/manifest.json",
                  R"({"metadata": {"project_name": "shop", "invocation_id": "new"},
                      "nodes": {"model.shop.a": {"resource_type": "model", "name": "a",
                          "package_name": "shop",
                          "meta": {"aft": {"scripts": ["a.py"]}}}}})");
  }
  [[nodiscard]] bool HasKept() const {
    return ReadDigests(folder_.path() / "target").has_value();
  }

  TemporaryFolder folder_;
  const std::function<DbtInvocation()> invocation_ = [] { return DbtInvocation(); };
};

TEST_F(DigestKeeperTest, KeepsThoseOfAManifestThatIsNew) {
  const DigestKeeper first = Keeper();
  WriteManifest();
  const DigestKeeper second = Keeper();

  EXPECT_EQ(second.Keep(true, invocation_), "");
  EXPECT_EQ(first.Keep(false, invocation_), "");
  EXPECT_FALSE(HasKept());

  EXPECT_EQ(first.Keep(true, invocation_), "");
  ASSERT_TRUE(HasKept());
  EXPECT_THAT(ReadDigests(folder_.path() / "target")->manifests, ElementsAre("new"));
}

TEST_F(DigestKeeperTest, SaysNothingOfAManifestThatIsGone) {
  WriteManifest();
  const DigestKeeper keeper = Keeper();
  std::filesystem::remove(folder_.path() / "target/manifest.json");

  EXPECT_EQ(keeper.Keep(true, invocation_), "");
}

TEST_F(DigestKeeperTest, ReturnsWhatGoesWrong) {
  const DigestKeeper keeper = Keeper();
  folder_.Write("target/manifest.json", "[]");
  EXPECT_THAT(keeper.Keep(true, invocation_), HasSubstr("it has no nodes"));

  WriteManifest();
  EXPECT_EQ(keeper.Keep(true, []() -> DbtInvocation { throw Error("bad --vars"); }),
            "bad --vars");
}

}  // namespace
}  // namespace aft
