// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <csignal>
#include <sstream>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Script MakeScript(const std::string& name) {
  Script script;
  script.id = "script." + name;
  script.name = name;
  script.node = "model.shop.orders";
  return script;
}

json::object Entry(const TemporaryFolder& folder, std::size_t at) {
  const json::value document = json::parse(folder.Read("aft/results.json"));
  return document.at("results").as_array().at(at).as_object();
}

TEST(Results, KeepsThoseOfScriptsWithoutDbtApart) {
  const TemporaryFolder folder;
  folder.Write("aft/results.json", "of a run");
  folder.Write("aft/journal.jsonl", "of a run");
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id", "{}", false});

  results.Clear(true);
  results.Finish(MakeScript("a.py"), {});
  results.Flush();

  EXPECT_EQ(folder.Read("aft/results.json"), "of a run");
  EXPECT_EQ(folder.Read("aft/journal.jsonl"), "of a run");
  EXPECT_THAT(folder.Read("aft/scripts.json"), HasSubstr("script.a.py"));
  EXPECT_THAT(folder.Read("aft/scripts_journal.jsonl"), HasSubstr("script.a.py"));
}

TEST(Results, ListsAScriptFromItsStart) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});

  results.Start(MakeScript("a.py"));

  EXPECT_EQ(Entry(folder, 0).at("status"), "running");
  EXPECT_EQ(Entry(folder, 0).at("unique_id"), "script.a.py");
  EXPECT_EQ(Entry(folder, 0).at("node"), "model.shop.orders");
  EXPECT_TRUE(Entry(folder, 0).at("finished_at").is_null());
}

TEST(Results, KeepsTheFiguresOfAFinishedScript) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});
  Outcome outcome;
  outcome.succeeded = true;
  outcome.seconds_writing = 0.5;
  outcome.rows_written = 62;
  outcome.bytes_read = 4096;
  outcome.peak_memory = 1 << 20;

  results.Start(MakeScript("a.py"));
  results.Finish(MakeScript("a.py"), outcome);
  results.Flush();

  const json::object entry = Entry(folder, 0);
  EXPECT_EQ(entry.at("status"), "success");
  EXPECT_EQ(entry.at("seconds").at("write"), 0.5);
  EXPECT_EQ(entry.at("rows").at("written"), 62);
  EXPECT_EQ(entry.at("bytes").at("read"), 4096);
  EXPECT_EQ(entry.at("peak_memory"), 1 << 20);
  EXPECT_THAT(std::string(entry.at("finished_at").as_string()),
              MatchesRegex("[0-9-]{10}T[0-9:]{8}\\.[0-9]{6}Z"));
  EXPECT_EQ(results.Count(Results::Status::kSuccess), 1);
}

TEST(Results, ListsASkippedScriptWithTheReason) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});

  results.Skip(MakeScript("a.py"), "interrupted");

  EXPECT_EQ(Entry(folder, 0).at("status"), "skipped");
  EXPECT_EQ(Entry(folder, 0).at("message"), "interrupted");
  EXPECT_TRUE(Entry(folder, 0).at("started_at").is_null());
}

TEST(Results, ReplacesTheFileOfAnEarlierRunButMakesNone) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});

  results.Clear(false);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "aft"));

  folder.Write("aft/results.json", "old");
  results.Clear(false);
  EXPECT_TRUE(
      json::parse(folder.Read("aft/results.json")).at("results").as_array().empty());
}

TEST(Results, KeepsEachChangeInTheJournal) {
  const TemporaryFolder folder;
  folder.Write("aft/journal.jsonl", "of an earlier run\n");
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});
  results.Start(MakeScript("a.py"));
  results.Finish(MakeScript("a.py"), {});
  results.Skip(MakeScript("b.py"), "dbt skipped the node");

  std::istringstream journal(folder.Read("aft/journal.jsonl"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(journal, line);) {
    const json::object object = json::parse(line).as_object();
    lines.push_back(object.contains("metadata")
                        ? "metadata"
                        : Text(std::string_view(object.at("path").as_string()), " ",
                               std::string_view(object.at("status").as_string())));
  }

  EXPECT_THAT(lines,
              ElementsAre("metadata", "a.py running", "a.py error", "b.py skipped"));
}

TEST(Results, HasAJournalOfItsOwnBesideAnotherRunsInTheSameFolder) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results first(loop, folder.path(), {"1.10.1", "run", "first"});
  Results second(loop, folder.path(), {"1.10.1", "run", "second"});
  first.Clear(true);
  second.Clear(true);
  for (const char* name : {"a.py", "b.py", "c.py"}) {
    first.Skip(MakeScript(name), "of the first run, which says more about it");
    second.Skip(MakeScript(name), "of the second");
  }

  std::istringstream journal(folder.Read("aft/journal.jsonl"));
  int lines = 0;
  for (std::string line; std::getline(journal, line); ++lines)
    EXPECT_THAT(json::serialize(json::parse(line)), HasSubstr("second"));
  EXPECT_EQ(lines, 4);
}

TEST(Results, SaysWhyTheJournalCannotBeWritten) {
  const TemporaryFolder folder;
  folder.Write("aft/journal.jsonl/file", "");
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});

  results.Skip(MakeScript("a.py"), "");

  EXPECT_EQ(results.problem(),
            Text("cannot write '", (folder.path() / "aft/journal.jsonl").native(),
                 "': Is a directory"));
}

/// Lets no file grow beyond `most` bytes, as where a disk is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t most) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &usual_);
    const rlimit limit{most, usual_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &usual_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit usual_{};
};

/// How many lines there are, each of which must be whole.
int CountLines(const std::string& text) {
  EXPECT_TRUE(text.empty() || text.back() == '\n');
  std::istringstream stream(text);
  int lines = 0;
  for (std::string line; std::getline(stream, line); ++lines)
    EXPECT_TRUE(json::parse(line).is_object());
  return lines;
}

TEST(Results, AreWholeWhereverTheDiskIsFull) {
  int failed = 0;
  for (rlim_t most = 0; most < 3000; most += 29) {
    SCOPED_TRACE(most);
    const TemporaryFolder folder;
    folder.Write("aft/results.json", R"({"results": []})");
    EventLoop loop;
    Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});
    {
      const FullDisk disk(most);
      results.Start(MakeScript("a.py"));
      results.Finish(MakeScript("a.py"), {});
      results.Skip(MakeScript("b.py"), "dbt skipped the node");
      results.Flush();
    }
    results.Skip(MakeScript("c.py"), "there is room again");
    results.Flush();

    const json::value document = json::parse(folder.Read("aft/results.json"));
    const std::string journal = folder.Read("aft/journal.jsonl");
    const int lines = CountLines(journal);
    EXPECT_EQ(document.at("results").as_array().size(), 3U);
    EXPECT_TRUE(journal.starts_with("{\"metadata\":"));
    if (results.problem().empty()) {
      EXPECT_EQ(lines, 5);
    } else {
      EXPECT_THAT(results.problem(), HasSubstr("File too large"));
      ++failed;
    }
  }
  EXPECT_GT(failed, 10);
  EXPECT_LT(failed, 100);
}

TEST(Results, LastAsLongAsTheyDoWhateverTheClockIsSetTo) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results::Time time = std::chrono::system_clock::now();
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"}, [&] { return time; });

  results.Start(MakeScript("a.py"));
  time -= std::chrono::hours(1);
  EXPECT_GE(results.SecondsSinceStart(MakeScript("a.py")), 0);
  results.Finish(MakeScript("a.py"), {});
  results.Flush();

  const json::object entry = Entry(folder, 0);
  EXPECT_GE(entry.at("finished_at").as_string(), entry.at("started_at").as_string());
}

TEST(Results, SpendsAPartOfTheTimeOnManyScripts) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});
  ino_t last = 0;
  int replaced = 0;
  for (int i = 0; i < 300; ++i) {
    results.Skip(MakeScript(std::to_string(i)), "");
    struct stat status{};
    ASSERT_EQ(::stat((folder.path() / "aft/results.json").c_str(), &status), 0);
    replaced += status.st_ino == last ? 0 : 1;
    last = status.st_ino;
  }

  EXPECT_LT(replaced, 100);
  results.Flush();
  EXPECT_EQ(Entry(folder, 299).at("path"), "299");
}

TEST(Results, BringsTheFileUpToDateWhenNothingFollows) {
  const TemporaryFolder folder;
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});
  results.Start(MakeScript("a.py"));
  results.Finish(MakeScript("a.py"), {});

  while (Entry(folder, 0).at("status") == "running") {
    pollfd entry{loop.fd(), POLLIN, 0};
    ASSERT_GT(::poll(&entry, 1, 10'000), 0);
    loop.Dispatch();
  }

  EXPECT_EQ(Entry(folder, 0).at("status"), "error");
}

TEST(Results, LeavesTheOldFileWhereTheNewOneCannotBeWritten) {
  const TemporaryFolder folder;
  folder.Write("aft/results.json", "old");
  std::filesystem::create_directory(folder.path() / "aft/results.json.draft");
  EventLoop loop;
  Results results(loop, folder.path(), {"1.10.1", "run", "an-id"});

  results.Start(MakeScript("a.py"));

  EXPECT_EQ(folder.Read("aft/results.json"), "old");
  EXPECT_THAT(results.problem(), testing::HasSubstr("results.json"));
}

}  // namespace
}  // namespace aft
