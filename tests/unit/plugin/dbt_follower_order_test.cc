// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "plugin/live/dbt_follower.h"
#include "tests/support/followed_run.h"
#include "tests/support/random_choices.h"

namespace aft {
namespace {

/// A simulated dbt: threads that take nodes in the order of a random graph, whose SQL and
/// scripts fail at random, interrupted at a random moment or not at all.
class RandomRun {
 public:
  explicit RandomRun(unsigned seed)
      : random_(seed), nodes_(MakeGraph()), shop_(nodes_), gate_(shop_) {}

  void Run() {
    const int interrupt_at = random_.Chance(0.2) ? random_.Number(0, 40) : -1;
    for (int step = 0; !IsDone(); ++step) {
      ASSERT_LT(step, 10'000) << "the run hangs";
      if (step == interrupt_at) {
        gate_.Interrupt();
        is_interrupted_ = true;
        started_before_interrupt_ = gate_.scripts.started.size();
      }
      Step();
    }
    gate_.Finish();
    Check();
  }

 private:
  enum class State { kWaiting, kCompiling, kReporting, kDone };

  struct Progress {
    State state = State::kWaiting;
    std::string status;
    bool has_failed_in_sql = false;
    std::optional<std::uint64_t> thread;
  };

  static constexpr std::uint64_t kThreads = 3;

  std::vector<Node> MakeGraph() {
    std::vector<Node> nodes(static_cast<std::size_t>(random_.Number(1, 8)));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].id = Text("n", i);
      nodes[i].is_ephemeral = random_.Chance(0.3);
      for (std::size_t parent = 0; parent < i; ++parent)
        if (random_.Chance(0.3)) nodes[i].parents.push_back(parent);
      for (int script = random_.Number(0, 2); script > 0; --script)
        nodes[i].before.push_back(Text("b", i, "_", script, ".py"));
      for (int script = random_.Number(0, 3); script > 0; --script)
        nodes[i].after.push_back(Text("a", i, "_", script, ".py"));
    }
    progress_.resize(nodes.size());
    return nodes;
  }

  bool IsDone() const {
    return std::all_of(progress_.begin(), progress_.end(), [](const Progress& progress) {
      return progress.state == State::kDone;
    });
  }

  /// One thing that can happen next, at random.
  void Step() {
    if (!gate_.scripts.running.empty() && random_.Chance(0.4)) return EndAScript();
    const auto at =
        static_cast<std::size_t>(random_.Number(0, static_cast<int>(nodes_.size()) - 1));
    Advance(at);
  }

  void EndAScript() {
    auto ended = gate_.scripts.running.begin();
    std::advance(ended,
                 random_.Number(0, static_cast<int>(gate_.scripts.running.size()) - 1));
    const bool succeeds = !is_interrupted_ && random_.Chance(0.85);
    if (!succeeds) failed_.insert(ended->second.script.id);
    gate_.scripts.End(ended->first, succeeds);
  }

  void Advance(std::size_t at) {
    const Progress& progress = progress_[at];
    switch (progress.state) {
      case State::kWaiting:
        return Begin(at);
      case State::kCompiling:
        if (Verdict(progress) == "fail") return Fail(at);
        if (Verdict(progress) == "go") return Materialize(at);
        return;
      case State::kReporting:
        if (Verdict(progress) == "fail") return Leave(at, "error");
        if (Verdict(progress) == "go") return Leave(at, progress.status.c_str());
        return;
      case State::kDone:
        return;
    }
  }

  std::string Verdict(const Progress& progress) const {
    return gate_.Verdict(progress.thread.value_or(0));
  }

  void Begin(std::size_t at) {
    bool is_skipped = false;
    for (const std::size_t parent : nodes_[at].parents) {
      if (progress_[parent].state != State::kDone) return;
      is_skipped = is_skipped || progress_[parent].status != "success";
    }
    const std::optional<std::uint64_t> thread = FreeThread();
    if (!thread) return;
    progress_[at].thread = thread;
    if (is_skipped) return Leave(at, "skipped");
    ExpectDone(at);
    progress_[at].state = State::kCompiling;
    gate_.Tell(*thread, "NodeCompiling", nodes_[at].id);
  }

  /// All scripts of the node's parents have succeeded.
  void ExpectDone(std::size_t at) {
    for (const std::size_t parent : nodes_[at].parents)
      for (const std::string& id : ScriptIds(nodes_[parent])) {
        EXPECT_THAT(gate_.scripts.started, testing::Contains(id));
        EXPECT_FALSE(failed_.contains(id)) << id;
        for (const auto& [run, running] : gate_.scripts.running)
          EXPECT_NE(running.script.id, id);
      }
  }

  std::optional<std::uint64_t> FreeThread() const {
    std::set<std::uint64_t> taken;
    for (const Progress& progress : progress_)
      if (progress.thread) taken.insert(*progress.thread);
    for (std::uint64_t thread = 1; thread <= kThreads; ++thread)
      if (!taken.contains(thread)) return thread;
    return std::nullopt;
  }

  void Fail(std::size_t at) {
    if (!nodes_[at].is_ephemeral)
      gate_.Tell(*progress_[at].thread, "LogModelResult", nodes_[at].id, "error");
    Leave(at, "error");
  }

  void Materialize(std::size_t at) {
    Progress& progress = progress_[at];
    if (nodes_[at].is_ephemeral) return Leave(at, "success");
    for (int batch = random_.Number(0, 2); batch > 0; --batch) BuildBatch(at);
    progress.status = random_.Chance(0.9) ? "success" : "error";
    progress.has_failed_in_sql = progress.status == "error";
    progress.state = State::kReporting;
    gate_.Tell(*progress.thread, "LogModelResult", nodes_[at].id,
               progress.status.c_str());
  }

  void BuildBatch(std::size_t at) {
    gate_.Tell(*progress_[at].thread, "NodeCompiling", nodes_[at].id);
    EXPECT_EQ(Verdict(progress_[at]), "go");
    gate_.Tell(*progress_[at].thread, "NodeFinished", nodes_[at].id,
               random_.Chance(0.5) ? "success" : "error");
    EXPECT_EQ(Verdict(progress_[at]), "go");
  }

  void Leave(std::size_t at, const char* status) {
    Progress& progress = progress_[at];
    progress.status = status;
    progress.state = State::kDone;
    gate_.Tell(*progress.thread, "NodeFinished", nodes_[at].id, status);
    EXPECT_EQ(gate_.Verdict(*progress.thread), "go");
    progress.thread.reset();
  }

  void Check() {
    EXPECT_TRUE(gate_.IsIdle());
    std::map<std::string, std::string> results = shop_.Results();
    const std::vector<std::string>& started = gate_.scripts.started;
    EXPECT_TRUE(!is_interrupted_ || started.size() == started_before_interrupt_);
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
      std::vector<std::string> ran;
      const std::vector<std::string> ids = ScriptIds(nodes_[at]);
      for (const std::string& id : started)
        if (std::find(ids.begin(), ids.end(), id) != ids.end()) ran.push_back(id);
      // In their order, without gaps, and up to the first that failed.
      ASSERT_LE(ran.size(), ids.size());
      EXPECT_TRUE(std::equal(ran.begin(), ran.end(), ids.begin()));
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::string expected = i >= ran.size()            ? "skipped"
                                     : failed_.contains(ids[i]) ? "error"
                                                                : "success";
        EXPECT_EQ(results[ids[i]], expected) << ids[i];
        results.erase(ids[i]);
        EXPECT_TRUE(i + 1 >= ran.size() || !failed_.contains(ids[i]));
      }
      EXPECT_TRUE(!progress_[at].has_failed_in_sql ||
                  ran.size() == nodes_[at].before.size());
      EXPECT_TRUE(progress_[at].status != "success" || ran.size() == ids.size());
    }
    EXPECT_THAT(results, testing::IsEmpty());
  }

  RandomChoices random_;
  std::vector<Progress> progress_;
  std::vector<Node> nodes_;
  Shop shop_;
  Gate gate_;
  std::set<std::string> failed_;
  bool is_interrupted_ = false;
  std::size_t started_before_interrupt_ = 0;
};

TEST(DbtFollower, KeepsOrderAndSkipsInAnyGraph) {
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    RandomRun(seed).Run();
  }
}

}  // namespace
}  // namespace aft
