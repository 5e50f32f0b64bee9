// SPDX-License-Identifier: Apache-2.0
// Runs in stages over what real dbts have printed. (streams/README.md)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "plugin/dbt/dbt_log.h"
#include "tests/support/staged_driver.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

std::string StreamText(const std::string& name) {
  std::ifstream file(fs::path(AFT_STREAMS) / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The example project, with a script after its snapshot or another node without
/// children.
class RecordedShop {
 public:
  explicit RecordedShop(const std::string& version) {
    json::value manifest = json::parse(StreamText("manifest.json"));
    manifest.at("metadata").as_object()["dbt_version"] =
        version.substr(version.find('_') + 1) + ".0";
    manifest.at("nodes")
        .at("snapshot.jaffle_shop.customers_history")
        .as_object()["meta"] = {{"aft", {{"scripts", {{"after", {"score.py"}}}}}}};
    folder_.Write("target/manifest.json", json::serialize(manifest));
    folder_.Write("dbt_project.yml", "name: jaffle_shop\n");
    folder_.Write("score.py", "");
  }

  [[nodiscard]] const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

class DbtStreams : public testing::TestWithParam<const char*> {
 protected:
  static std::string Name(const char* file) { return Text(GetParam(), "/", file); }

  /// What dbt itself says of each node.
  static std::map<std::string, std::string> Told() {
    std::map<std::string, std::string> statuses;
    const json::value document = json::parse(StreamText(Name("run_results.json")));
    for (const json::value& entry : document.at("results").as_array())
      statuses.emplace(entry.at("unique_id").as_string(), entry.at("status").as_string());
    return statuses;
  }

  static void EndAll(StagedDriver& driver) {
    while (!driver.scripts.running.empty())
      driver.scripts.End(driver.scripts.running.begin()->first, true);
  }
};

TEST_P(DbtStreams, AreFollowedToTheirEnd) {
  const RecordedShop shop(GetParam());
  StagedDriver driver(shop.path());
  ASSERT_TRUE(driver.Starts());
  driver.Print(StreamText(Name("ls.jsonl")));
  driver.run.CommandExited(0);

  ASSERT_TRUE(driver.Starts());
  EXPECT_EQ(driver.Selected().size(), Told().size());
  driver.Print(StreamText(Name("build.jsonl")));
  driver.WriteRunResults(StreamText(Name("run_results.json")));
  driver.run.CommandExited(1);
  EndAll(driver);

  EXPECT_TRUE(driver.HasEnded());
  EXPECT_EQ(driver.run.exit_code(), 1);
  EXPECT_EQ(driver.Merged(), Told());
  EXPECT_EQ(driver.errors, "");
  for (const char* hidden :
       {"Began running node", "Finished 'list'", "Finished 'build'", "Artifact written"})
    EXPECT_THAT(driver.output, Not(HasSubstr(hidden)));
  EXPECT_THAT(driver.output, HasSubstr(" WARN=1 "));
}

TEST_P(DbtStreams, TellTheEndOfEachNodeThatRan) {
  std::map<std::string, std::string> told;
  for (const std::string& text : Lines(StreamText(Name("build.jsonl")))) {
    const std::optional<DbtLogLine> line = ParseDbtLogLine(text);
    ASSERT_TRUE(line) << text;
    if (!line->status.empty()) told[line->node] = line->status;
  }

  for (const auto& [node, status] : Told()) {
    EXPECT_TRUE(told[node] == status || (told[node].empty() && status == "skipped"))
        << node << " is " << status << ", not " << told[node];
  }
}

TEST_P(DbtStreams, AreTheUsersOwnAsJson) {
  const RecordedShop shop(GetParam());
  StagedDriver driver(shop.path(), {"build", "--log-format", "json"});
  ASSERT_TRUE(driver.Starts());
  driver.Print(StreamText(Name("ls.jsonl")));
  driver.run.CommandExited(0);
  ASSERT_TRUE(driver.Starts());

  driver.Print(StreamText(Name("build.jsonl")));

  for (const std::string& line : Lines(driver.output))
    EXPECT_TRUE(ParseDbtLogLine(line)) << line;
}

/// Breaks a stream at random, as a broken pipe, a wrapper's own output or a full disk do.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Break(std::vector<std::string>& lines) {
    for (int times = Number(1, 12); times > 0 && !lines.empty(); --times) {
      const std::size_t at = Place(lines.size());
      const auto place = lines.begin() + static_cast<std::ptrdiff_t>(at);
      switch (Number(0, 5)) {
        case 0:
          std::swap(lines[at], lines[Place(lines.size())]);
          break;
        case 1:
          lines.erase(place);
          break;
        case 2:
          lines.insert(place, std::string(lines[at]));
          break;
        default:
          BreakLine(lines[at]);
      }
    }
  }

 private:
  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }

  /// One of `size` places; there is at least one.
  std::size_t Place(std::size_t size) {
    return static_cast<std::size_t>(Number(0, static_cast<int>(size) - 1));
  }

  void BreakLine(std::string& line) {
    switch (Number(0, 5)) {
      case 0:
        line.resize(Place(line.size() + 1));
        return;
      case 1:
        return Flip(line);
      case 2:
        return Replace(line);
      case 3:
        line = std::string(Place(200'000), '[');
        return;
      case 4:
        line.insert(line.size() / 2, Place(1'000'000), 'x');
        return;
      default:
        line = "\x1b[31m not JSON \xff\xfe";
    }
  }

  void Flip(std::string& line) {
    for (int times = Number(1, 5); times > 0 && !line.empty(); --times)
      line[Place(line.size())] = static_cast<char>(Number(0, 255));
  }

  /// Another value in the place of a number or a text.
  void Replace(std::string& line) {
    static const std::vector<std::string> kValues = {
        "null", "-1", "99999999999999999999", "2147483648", "{}", "[[]]", "\"\"",
        "true", "1e9"};
    const std::size_t colon = line.find(
        ": ", static_cast<std::size_t>(Number(0, static_cast<int>(line.size()))));
    if (colon == std::string::npos) return;
    const std::size_t end = line.find_first_of(",}", colon);
    if (end == std::string::npos) return;
    line.replace(colon + 2, end - colon - 2, kValues[Place(kValues.size())]);
  }

  std::mt19937 random_;
};

TEST_P(DbtStreams, MayBeBrokenInAnyWay) {
  const RecordedShop shop(GetParam());
  const std::vector<std::string> listing = Lines(StreamText(Name("ls.jsonl")));
  const std::vector<std::string> build = Lines(StreamText(Name("build.jsonl")));
  const std::string results = StreamText(Name("run_results.json"));
  for (unsigned seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    std::vector<std::string> lines = build;
    Mutator(seed).Break(lines);
    StagedDriver driver(shop.path());
    ASSERT_TRUE(driver.Starts());
    for (const std::string& line : listing) driver.run.TakeLine(line);
    driver.run.CommandExited(0);
    ASSERT_TRUE(driver.Starts());

    for (const std::string& line : lines) driver.run.TakeLine(line);
    driver.WriteRunResults(results);
    driver.run.CommandExited(1);
    EndAll(driver);

    EXPECT_TRUE(driver.HasEnded());
    EXPECT_EQ(driver.Merged(), Told());
  }
}

INSTANTIATE_TEST_SUITE_P(Of, DbtStreams, testing::Values("dbt_1.7", "dbt_1.10", "dbt_2"),
                         [](const testing::TestParamInfo<const char*>& version) {
                           std::string name = version.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace aft
