// SPDX-License-Identifier: Apache-2.0
#include "plugin/run/unseen_scripts.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/project/manifest.h"

namespace aft {

UnseenScripts::UnseenScripts(Setup setup)
    : setup_(std::move(setup)), old_manifest_(WrittenAt(setup_.manifest)) {}

bool UnseenScripts::AreBound() const {
  if (setup_.are_expected) return true;
  if (WrittenAt(setup_.manifest) == old_manifest_) return false;
  try {
    const Manifest manifest = ReadManifest(setup_.manifest, setup_.project);
    return std::any_of(manifest.nodes.begin(), manifest.nodes.end(),
                       [&](const BoundNode& node) {
                         return (node.package == manifest.project ||
                                 setup_.packages.contains(node.package)) &&
                                node.is_source == setup_.are_of_sources;
                       });
  } catch (const Error&) {
    // What is no manifest is of another program than dbt.
    return false;
  }
}

std::string UnseenScripts::Problem() const {
  if (!AreBound()) return "";
  return Text("the scripts of this project did not run because '", setup_.dbt.native(),
              "' has not loaded aft's plugin; dbt-core 1.8 and later can, unless their ",
              "Python is told to ignore PYTHONPATH; others need '--aft-mode staged'");
}

}  // namespace aft
