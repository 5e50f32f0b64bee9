// SPDX-License-Identifier: Apache-2.0
#include "plugin/live/live_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/followed_run.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LiveRun, NoticesNodesThatDbtBuiltWithoutAWord) {
  const Shop shop({MakeNode("told", {}, {"a.py"}), MakeNode("untold", {}, {"b.py"}),
                   MakeNode("skipped", {}, {"c.py"})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "told", "success");
  gate.scripts.End(1, true);

  EXPECT_THAT(gate.Problems(), IsEmpty());
  shop.WriteRunResults(
      {{"told", "success"}, {"untold", "success"}, {"skipped", "skipped"}});
  EXPECT_THAT(gate.Problems(), ElementsAre(HasSubstr("'untold' did not run")));
}

TEST(LiveRun, LetsANodeWaitForItsScripts) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py", "a2.py"})});
  Gate gate(shop);
  ASSERT_EQ(gate.Verdict(0), "go");

  gate.Tell(1, "NodeCompiling", "a");
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.scripts.End(2, true);
  EXPECT_EQ(gate.Verdict(1), "");
  gate.scripts.End(3, true);

  EXPECT_EQ(gate.Verdict(1), "go");
  EXPECT_THAT(gate.scripts.started,
              ElementsAre("script.a.before.1.b1.py", "script.a.after.2.a1.py",
                          "script.a.after.3.a2.py"));
}

TEST(LiveRun, RefusesTheNodesOfAManifestThatItCannotRead) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  shop.Write("target/manifest.json", "{\"nodes\": ");

  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "fail");
}

TEST(LiveRun, AnswersNoMessageBeforeTheLastOne) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");

  gate.SayAnything(1, R"({"info": {"name": "LogModelResult"}, "data": {}})");

  EXPECT_EQ(gate.Verdict(1), "fail");
  gate.scripts.End(1, true);
  EXPECT_EQ(gate.Verdict(1), "go");
}

TEST(LiveRun, WaitsForNoHostWhereNoScriptIsBound) {
  const Shop shop({MakeNode("a", {}, {})});
  const Gate gate(shop);

  EXPECT_EQ(gate.Verdict(0), "go");
  EXPECT_THAT(shop.Results(), IsEmpty());
}

TEST(LiveRun, TakesAnEventThatComesTwiceForOne) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop);
  gate.Tell(1, "LogModelResult", "a", "success");
  gate.scripts.End(1, true);

  gate.Tell(2, "LogModelResult", "a", "success");

  EXPECT_EQ(gate.Verdict(2), "go");
  EXPECT_EQ(gate.scripts.started.size(), 1);
}

TEST(LiveRun, SkipsTheScriptsOfANodeThatDbtLeaves) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py"})});
  Gate gate(shop);

  gate.Tell(1, "NodeFinished", "a", "skipped");
  gate.Finish();

  EXPECT_THAT(shop.Results(),
              ElementsAre(std::pair("script.a.after.2.a1.py", "skipped"),
                          std::pair("script.a.before.1.b1.py", "skipped")));
}

TEST(LiveRun, StopsScriptsUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py", "a2.py"}), MakeNode("b", {}, {})});
  for (const bool fails_fast : {false, true}) {
    Gate gate(shop, fails_fast);
    gate.Tell(1, "LogModelResult", "a", "success");

    gate.Tell(2, "NodeFinished", "b", "error");

    EXPECT_EQ(gate.scripts.signals.contains(SIGINT), fails_fast);
    gate.scripts.End(1, !fails_fast);
    EXPECT_EQ(gate.Verdict(1), fails_fast ? "fail" : "");
  }
}

TEST(LiveRun, StopsScriptsWhenATestFailsUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop, true, "build");
  gate.Tell(1, "LogModelResult", "a", "success");

  gate.Tell(2, "NodeFinished", "test.shop.unique_b_id", "fail");

  EXPECT_THAT(gate.scripts.signals, testing::Contains(SIGINT));
  gate.scripts.End(1, false);
}

TEST(LiveRun, RunsNoScriptsWhereDbtMakesNoNodes) {
  const Shop shop({MakeNode("a", {"b1.py"}, {"a1.py"})});
  for (const char* command :
       {"compile", "test", "generate", "clone", "list", "parse", "show", "run-operation",
        "freshness", "snapshot-freshness"}) {
    Gate gate(shop, false, command);

    gate.Tell(1, "NodeCompiling", "a");
    EXPECT_EQ(gate.Verdict(1), "go") << command;
    gate.Tell(1, "NodeFinished", "a", "success");
    gate.Finish();

    EXPECT_THAT(gate.scripts.started, IsEmpty()) << command;
    EXPECT_THAT(gate.scripts.environments, IsEmpty()) << command;
    EXPECT_THAT(shop.Results(), IsEmpty()) << command;
  }
}

TEST(LiveRun, RunsTheScriptsOfSourcesWithTheirFreshness) {
  Node payments = MakeNode("payments", {"b1.py"}, {"a1.py"});
  payments.type = "source";
  const Shop shop({payments, MakeNode("a", {}, {"a1.py"})});
  Gate gate(shop, false, "freshness");

  gate.Tell(1, "NodeCompiling", "payments", "compiling");
  gate.scripts.End(1, true);
  gate.Tell(1, "LogFreshnessResult", "payments", "warn");
  gate.scripts.End(2, true);

  EXPECT_EQ(gate.Verdict(1), "go");
  gate.Finish();
  EXPECT_THAT(gate.scripts.statuses, ElementsAre("compiling", "warn"));
  EXPECT_EQ(shop.Results().size(), 2);

  Gate other(shop);
  other.Tell(1, "NodeCompiling", "payments");
  EXPECT_THAT(other.scripts.started, IsEmpty());
}

TEST(LiveRun, ListsTheScriptsOfNodesThatDbtLeavesUnderFailFast) {
  const Shop shop({MakeNode("a", {}, {"a1.py"}), MakeNode("b", {}, {})});
  Gate gate(shop, true);
  gate.Tell(1, "NodeFinished", "b", "error");

  shop.WriteRunResults({{"a", "skipped"}, {"b", "error"}});
  gate.Finish();

  EXPECT_THAT(shop.Results(),
              ElementsAre(std::pair("script.a.after.1.a1.py", "skipped")));
}

/// A simulated dbt: threads that take nodes in the order of a random graph, whose SQL and
/// scripts fail at random, interrupted at a random moment or not at all.
class RandomRun {
 public:
  explicit RandomRun(unsigned seed)
      : random_(seed), nodes_(MakeGraph()), shop_(nodes_), gate_(shop_) {}

  void Run() {
    const int interrupt_at = Chance(0.2) ? Number(0, 40) : -1;
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

  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool Chance(double probability) {
    return std::bernoulli_distribution(probability)(random_);
  }

  std::vector<Node> MakeGraph() {
    std::vector<Node> nodes(static_cast<std::size_t>(Number(1, 8)));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].id = Text("n", i);
      nodes[i].is_ephemeral = Chance(0.3);
      for (std::size_t parent = 0; parent < i; ++parent)
        if (Chance(0.3)) nodes[i].parents.push_back(parent);
      for (int script = Number(0, 2); script > 0; --script)
        nodes[i].before.push_back(Text("b", i, "_", script, ".py"));
      for (int script = Number(0, 3); script > 0; --script)
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
    if (!gate_.scripts.running.empty() && Chance(0.4)) return EndAScript();
    const auto at =
        static_cast<std::size_t>(Number(0, static_cast<int>(nodes_.size()) - 1));
    Advance(at);
  }

  void EndAScript() {
    auto ended = gate_.scripts.running.begin();
    std::advance(ended, Number(0, static_cast<int>(gate_.scripts.running.size()) - 1));
    const bool succeeds = !is_interrupted_ && Chance(0.85);
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
      for (const std::string& id : Ids(nodes_[parent])) {
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
    for (int batch = Number(0, 2); batch > 0; --batch) BuildBatch(at);
    progress.status = Chance(0.9) ? "success" : "error";
    progress.has_failed_in_sql = progress.status == "error";
    progress.state = State::kReporting;
    gate_.Tell(*progress.thread, "LogModelResult", nodes_[at].id,
               progress.status.c_str());
  }

  void BuildBatch(std::size_t at) {
    gate_.Tell(*progress_[at].thread, "NodeCompiling", nodes_[at].id);
    EXPECT_EQ(Verdict(progress_[at]), "go");
    gate_.Tell(*progress_[at].thread, "NodeFinished", nodes_[at].id,
               Chance(0.5) ? "success" : "error");
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

  static std::vector<std::string> Ids(const Node& node) {
    std::vector<std::string> ids;
    const auto add = [&](const char* when, const std::vector<std::string>& scripts) {
      for (const std::string& script : scripts)
        ids.push_back(
            Text("script.", node.id, ".", when, ".", ids.size() + 1, ".", script));
    };
    add("before", node.before);
    add("after", node.after);
    return ids;
  }

  void Check() {
    EXPECT_TRUE(gate_.IsIdle());
    std::map<std::string, std::string> results = shop_.Results();
    const std::vector<std::string>& started = gate_.scripts.started;
    EXPECT_TRUE(!is_interrupted_ || started.size() == started_before_interrupt_);
    for (std::size_t at = 0; at < nodes_.size(); ++at) {
      std::vector<std::string> ran;
      const std::vector<std::string> ids = Ids(nodes_[at]);
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
    EXPECT_THAT(results, IsEmpty());
  }

  std::mt19937 random_;
  std::vector<Progress> progress_;
  std::vector<Node> nodes_;
  Shop shop_;
  Gate gate_;
  std::set<std::string> failed_;
  bool is_interrupted_ = false;
  std::size_t started_before_interrupt_ = 0;
};

TEST(LiveRun, KeepsOrderAndSkipsInAnyGraph) {
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(Text("seed ", seed));
    RandomRun(seed).Run();
  }
}

}  // namespace
}  // namespace aft
