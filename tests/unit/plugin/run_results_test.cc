// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/run_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

/// A target folder in which dbt and we write in turns.
class Target {
 public:
  /// What dbt writes. The clock of files is coarse, and dbt slower.
  void Write(const std::string& text) {
    const fs::path file = folder_.Write("run_results.json", text);
    written_ += std::chrono::seconds(1);
    fs::last_write_time(file, written_);
  }

  void WriteStage(const std::string& results, const std::string& extra = "") {
    Write(Text(R"({"metadata": {"dbt_version": "1.7.0", "dbt_schema_version": "v5",)",
               R"( "generated_at": ")", ++stages_, R"("}, "results": )", results,
               R"(, "elapsed_time": 1.5, "args": {"which": "build", "select": ["x"],)",
               R"( "threads": 4})", extra, "}"));
  }

  [[nodiscard]] fs::path path() const { return folder_.path() / "run_results.json"; }
  [[nodiscard]] json::value Read() const {
    return json::parse(folder_.Read("run_results.json"));
  }

 private:
  TemporaryFolder folder_;
  fs::file_time_type written_ = fs::file_time_type::clock::now();
  int stages_ = 0;
};

void WriteAs(MergedRunResults& results, const std::vector<std::string>& words) {
  const DbtArguments arguments(words);
  results.Write({"1.9.0", std::chrono::milliseconds(2500), arguments, words});
}

std::vector<std::string> Texts(const std::vector<NodeResult>& results) {
  std::vector<std::string> texts;
  for (const NodeResult& result : results)
    texts.push_back(result.node + " " + result.status);
  return texts;
}

TEST(RunResults, MergeTheStagesIntoOneRun) {
  Target target;
  MergedRunResults results(target.path());
  target.WriteStage(R"([{"unique_id": "a", "status": "success", "new_field": 7}])",
                    R"(, "new_part": true)");
  EXPECT_THAT(Texts(results.TakeStage()), ElementsAre("a success"));
  WriteAs(results, {"build"});
  target.WriteStage(R"([{"unique_id": "b", "status": "error", "message": "no"}])");
  EXPECT_THAT(Texts(results.TakeStage()), ElementsAre("b error"));

  WriteAs(results, {"build", "-s", "a", "b", "--exclude", "c"});

  const json::value merged = target.Read();
  EXPECT_THAT(Texts(ResultsIn(target.Read())), ElementsAre("a success", "b error"));
  EXPECT_EQ(merged.at("metadata").at("dbt_schema_version"), "v5");
  EXPECT_EQ(merged.at("metadata").at("generated_at"), "2");
  EXPECT_EQ(merged.at("results").at(0).at("new_field"), 7);
  EXPECT_EQ(merged.at("new_part"), true);
  EXPECT_EQ(merged.at("elapsed_time"), 2.5);
  EXPECT_EQ(merged.at("args").at("invocation_command"), "dbt build -s a b --exclude c");
  EXPECT_EQ(merged.at("args").at("select"), json::array({"a", "b"}));
  EXPECT_EQ(merged.at("args").at("exclude"), json::array({"c"}));
  EXPECT_EQ(merged.at("args").at("indirect_selection"), "eager");
  EXPECT_EQ(merged.at("args").at("threads"), 4);
}

TEST(RunResults, ListEachNodeOnceWithItsLastStatus) {
  Target target;
  MergedRunResults results(target.path());
  target.WriteStage(R"([{"unique_id": "a", "status": "success"},
                        {"unique_id": "b", "status": "success"}])");
  (void)results.TakeStage();
  results.Set({"a", "error", "a script failed"});
  target.WriteStage(R"([{"unique_id": "b", "status": "error"}])");
  (void)results.TakeStage();

  WriteAs(results, {"build"});

  EXPECT_THAT(Texts(ResultsIn(target.Read())), ElementsAre("a error", "b error"));
  EXPECT_EQ(target.Read().at("results").at(0).at("message"), "a script failed");
}

TEST(RunResults, GiveAnEntryOfOursTheFieldsOfDbts) {
  Target target;
  MergedRunResults results(target.path());
  target.WriteStage(R"([{"unique_id": "a", "status": "success", "batch_results": {}}])");
  (void)results.TakeStage();

  results.Set({"b", "skipped", ""});
  WriteAs(results, {"build"});

  const json::object entry = target.Read().at("results").at(1).as_object();
  EXPECT_EQ(entry.at("unique_id"), "b");
  EXPECT_EQ(entry.at("message"), nullptr);
  EXPECT_EQ(entry.at("batch_results"), nullptr);
  EXPECT_EQ(entry.at("timing"), json::array());
}

TEST(RunResults, IgnoreTheFileOfAnEarlierRun) {
  Target target;
  target.WriteStage(R"([{"unique_id": "old", "status": "success"}])");
  MergedRunResults results(target.path());

  EXPECT_THAT(results.TakeStage(), IsEmpty());
  results.Set({"a", "skipped", "no"});
  WriteAs(results, {"run"});

  EXPECT_THAT(results.TakeStage(), IsEmpty()) << "it has taken its own file for dbt's";
  EXPECT_THAT(Texts(ResultsIn(target.Read())), ElementsAre("a skipped"));
}

TEST(RunResults, KeepDbtsArgumentsWhereAScriptFailedFirst) {
  Target target;
  MergedRunResults results(target.path());
  results.Set({"a", "error", "its script failed"});
  target.WriteStage(R"([{"unique_id": "b", "status": "success"}])");
  (void)results.TakeStage();

  WriteAs(results, {"build"});

  EXPECT_THAT(Texts(ResultsIn(target.Read())), ElementsAre("a error", "b success"));
  EXPECT_EQ(target.Read().at("args").at("threads"), 4);
  EXPECT_EQ(target.Read().at("metadata").at("dbt_schema_version"), "v5");
}

TEST(RunResults, AreWholeWithoutAnyOfDbts) {
  const Target target;
  MergedRunResults results(target.path());
  results.Set({"a", "skipped", "interrupted"});

  WriteAs(results, {"run", "--selector", "nightly", "-t", "prod"});

  const json::value written = target.Read();
  EXPECT_EQ(written.at("args").at("target"), "prod");
  EXPECT_EQ(written.at("metadata").at("dbt_version"), "1.9.0");
  EXPECT_EQ(written.at("metadata").at("dbt_schema_version"),
            "https://schemas.getdbt.com/dbt/run-results/v6.json");
  EXPECT_EQ(written.at("args").at("which"), "run");
  EXPECT_EQ(written.at("args").at("selector"), "nightly");
}

TEST(RunResults, TakeNothingFromAFileOfAnotherShape) {
  for (const char* text : {"", "{", "[]", "{}", R"({"results": {}})", "\xff",
                           R"({"results": [1, null, "a"]})"}) {
    Target target;
    MergedRunResults results(target.path());
    target.Write(text);

    EXPECT_THAT(results.TakeStage(), IsEmpty()) << text;
    results.Set({"a", "skipped", ""});
    WriteAs(results, {"run"});

    EXPECT_THAT(Texts(ResultsIn(target.Read())), ElementsAre("a skipped")) << text;
  }
}

TEST(RunResults, SayWhereTheyCannotBeWritten) {
  const TemporaryFolder folder;
  MergedRunResults results(folder.path() / "missing/run_results.json");

  EXPECT_THROW(WriteAs(results, {"run"}), Error);
}

}  // namespace
}  // namespace aft
