// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugin/project/graph.h"
#include "plugin/scripts/bound_scripts.h"

namespace aft {

/// Under `dbt retry`: the scripts of ephemeral models, to most of which dbt does not come
/// back. They run when dbt comes to what is below them, or to the model itself.
///
/// Each runs once; several nodes may wait for the same ones. Starts nothing itself.
class RetriedScripts {
 public:
  using OnDone = std::function<void(const std::string& problem)>;
  /// Starts the scripts of a model, in their order; `on_done` gets a problem, or "".
  using Start = std::function<void(const NodeScripts& scripts, OnDone on_done)>;

  RetriedScripts() = default;
  RetriedScripts(const Graph& graph, std::vector<NodeScripts> scripts);

  /// Whether some have not started.
  [[nodiscard]] bool HasLeft() const;

  /// The nodes that must wait for one of these models: themselves, and what is below.
  [[nodiscard]] std::vector<std::string> WaitingNodes() const;

  /// Runs what `node` waits for and has not run, with `start`; `on_done` is told when all
  /// of it has succeeded, or of the first problem. It may be called at once.
  void RunFor(const std::string& node, const Start& start, const OnDone& on_done);
  /// The same without the node's own scripts.
  void RunAbove(const std::string& node, const Start& start, const OnDone& on_done);

  /// The next that has not started, parents first, and that is not below one of `failed`
  /// or of these models that has failed; each is given out once.
  std::optional<NodeScripts> TakeNext(const std::set<std::string>& failed);

  /// Those that have not started and will not any more; each is given out once.
  std::vector<NodeScripts> TakeLeft();

  /// The models whose scripts have failed, with the problem, as far as only what is below
  /// them was told.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> UntoldFailures() const;

 private:
  enum class State { kLeft, kRunning, kDone };

  struct Model {
    NodeScripts scripts;
    std::set<std::string> above;  ///< all its ancestors
    State state = State::kLeft;
    std::string problem;
    bool is_told = false;  ///< the problem, to the model's own node
    std::vector<std::function<void()>> waiting;
  };

  /// A node that waits.
  struct Turn {
    std::string node;
    std::vector<std::size_t> models;  ///< that it waits for
    Start start;
    OnDone on_done;
  };

  [[nodiscard]] std::vector<std::size_t> AwaitedBy(const std::string& node) const;
  void Go(const Turn& turn, std::size_t next);
  void End(std::size_t at, const std::string& problem);

  std::vector<Model> models_;  ///< parents first
  /// Those that a node waits for: their places in models_.
  std::map<std::string, std::vector<std::size_t>> awaited_;
};

}  // namespace aft
