// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/node_names.h"

#include <string_view>
#include <vector>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "plugin/project/script_binding.h"

namespace aft {

void NodeNames::Add(const std::string& unique_id, const std::string& name) {
  // A type, a package, and what is unique in it: "orders", "orders.v2", "raw.orders".
  const std::size_t type_end = unique_id.find('.');
  if (type_end == std::string::npos) return;
  const std::string type = unique_id.substr(0, type_end);
  const std::size_t package_end = unique_id.find('.', type_end + 1);
  if (package_end == std::string::npos || !MayBindScripts(type)) return;
  std::set<std::string>& names = by_type_[type];
  names.insert(name);
  names.insert(unique_id.substr(package_end + 1));
  // Scripts of a source belong to each of its tables.
  if (type == "source") names.insert(name.substr(0, name.find('.')));
}

bool NodeNames::Has(const std::string& type, const std::string& name) const {
  const auto names = by_type_.find(type);
  return names != by_type_.end() && names->second.contains(name);
}

std::string NodeNames::Problem(const ScriptedEntry& entry) const {
  const std::string type = entry.kind.substr(0, entry.kind.size() - 1);
  const std::string start =
      Text(entry.place, ": the scripts of ", type, " '", entry.name, "' do not run: ");
  if (!Has(type, entry.name)) return start + Hint(type, entry.name);
  if (entry.version.empty() || Has(type, Text(entry.name, ".v", entry.version)))
    return "";
  return Text(start, "dbt finds no version '", entry.version, "' of it");
}

std::string NodeNames::Hint(const std::string& type, const std::string& name) const {
  for (const auto& [other, names] : by_type_)
    if (names.contains(name))
      return Text("'", name, "' is a ", other, "; move them to '", other, "s'");
  std::vector<std::string_view> known;
  if (const auto names = by_type_.find(type); names != by_type_.end())
    known.assign(names->second.begin(), names->second.end());
  return Text("dbt finds no ", type, " of this name", DidYouMean(name, known));
}

}  // namespace aft
