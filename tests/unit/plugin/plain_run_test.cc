// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/plain_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/run/unseen_scripts.h"
#include "tests/support/shop.h"

namespace aft {
namespace {

/// A dbt as it was typed, which is the test, in a project that binds a script.
class PlainRunTest : public ::testing::Test {
 protected:
  PlainRun Start() {
    return {
        Process{{"/opt/dbt", "run"}, {}, false},
        {[](const std::string&) {}, [this](const std::string& text) { errors_ += text; }},
        [unseen = UnseenScripts(setup_)] { return unseen.Problem(); },
        [this] { ++ends_; }};
  }

  /// The exit code of a run in which dbt ends with `exit_code`.
  int End(PlainRun& run, int exit_code) {
    EXPECT_EQ(run.NextStep(), aft::Run::Next::kStart);
    EXPECT_EQ(run.NextStep(), aft::Run::Next::kWait);
    run.CommandExited(exit_code);
    EXPECT_EQ(run.NextStep(), aft::Run::Next::kEnd);
    return run.exit_code();
  }

  Shop shop_{{{"a", false, {}, {}, {"a.py"}}}};
  std::filesystem::path manifest_ = shop_.path() / "target/manifest.json";
  UnseenScripts::Setup setup_{"/opt/dbt", manifest_, "shop", false, false, {}};
  std::string errors_;
  int ends_ = 0;
};

TEST_F(PlainRunTest, EndsWithTheExitCodeOfItsProcess) {
  for (const int exit_code : {0, 1, 130}) {
    PlainRun run = Start();
    EXPECT_EQ(End(run, exit_code), exit_code);
  }
  EXPECT_EQ(ends_, 3);
  EXPECT_FALSE(Start().StopsWithoutReader());
  EXPECT_EQ(errors_, "");
}

TEST_F(PlainRunTest, IsNoSuccessWhereTheManifestThatDbtWroteBindsScripts) {
  const std::string manifest = shop_.Read("target/manifest.json");
  std::filesystem::remove(manifest_);
  for (const bool are_of_sources : {true, false}) {
    setup_.are_of_sources = are_of_sources;
    PlainRun run = Start();
    shop_.Write("target/manifest.json", manifest);
    EXPECT_EQ(End(run, 0), are_of_sources ? 0 : 1);
    std::filesystem::remove(manifest_);
  }

  EXPECT_EQ(
      errors_,
      "aft: the scripts of this project did not run because '/opt/dbt' has not "
      "loaded aft's plugin; dbt-core 1.8 and later can, unless their Python is told "
      "to ignore PYTHONPATH; others need '--aft-mode staged'\n");
}

}  // namespace
}  // namespace aft
