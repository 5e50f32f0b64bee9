// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/value.hpp>
#include <memory>

#include "plugin/commands/listing_run.h"
#include "plugin/run/scripts_plan.h"

namespace aft {

/// A run of scripts without dbt: those of the nodes that are selected or that dbt's last
/// run came to. dbt is only asked what is selected, and for a manifest.
class ScriptsRun final : public ListingRun {
 public:
  /// Throws Error where nothing tells which nodes are meant.
  ScriptsRun(std::unique_ptr<DbtStart> start, ScriptsRequest request);

  /// Whether dbt's options select nodes or scripts.
  static bool HasSelection(const DbtArguments& arguments);

 private:
  void Listed() override;
  void Answered() override;
  void ReadLastRun();
  [[nodiscard]] SelectedScripts Selected() const;

  ScriptsRequest request_;
  bool has_selection_;
  bool names_scripts_ = false;
  boost::json::value run_results_;  ///< dbt's, before anything is started
  Graph graph_;
  BoundScripts bound_;
  std::unique_ptr<JointGraph> joint_graph_;
  std::unique_ptr<ScriptSelection> selection_;  ///< where it names scripts
};

}  // namespace aft
