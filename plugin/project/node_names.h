// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "plugin/project/schema_files.h"

namespace aft {

/// The names of all nodes that scripts can be bound to, disabled ones too, of the project
/// and its packages.
class NodeNames {
 public:
  /// A version of a model has its own id and the name of the model. Ids of other nodes
  /// are passed over.
  void Add(const std::string& unique_id, const std::string& name);

  [[nodiscard]] bool empty() const { return by_type_.empty(); }

  /// Why the scripts of `entry` do not run: no node has its name. Empty where one has.
  [[nodiscard]] std::string Problem(const ScriptedEntry& entry) const;

 private:
  [[nodiscard]] bool Has(const std::string& type, const std::string& name) const;
  [[nodiscard]] std::string Hint(const std::string& type, const std::string& name) const;

  std::map<std::string, std::set<std::string>> by_type_;
};

}  // namespace aft
