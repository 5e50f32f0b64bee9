// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/unbound_scripts.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/script_binding.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr auto kProducts = std::to_array<const char*>({"fal", "aft"});

/// Looks through the entries of one package and collects what can't run.
class UnboundFinder {
 public:
  explicit UnboundFinder(std::string package) : package_(std::move(package)) {}

  void Search(const json::object& entry, const char* kind) {
    if (StringAt(entry, "package_name") != package_) return;
    std::string type = StringAt(entry, "resource_type");
    if (type.empty()) type = kind;
    const std::string name = StringAt(entry, "name");
    const std::string file = StringAt(entry, "original_file_path");
    if (!MayBindScripts(type)) SearchMeta(entry, Text(file, ": ", type, " '", name, "'"));
    if (const json::object* config = ObjectAt(entry, "config"))
      SearchConfig(*config, Text(file, ": ", type, " '", name, "'"));
    const json::object* columns = ObjectAt(entry, "columns");
    if (columns == nullptr) return;
    for (const auto& [column, below] : *columns)
      if (below.is_object() && !InheritsMeta(below.as_object(), entry))
        SearchMeta(below.as_object(), Text(file, ": column '", std::string_view(column),
                                           "' of '", name, "'"));
  }

  std::vector<std::string> Take() { return std::move(problems_); }

 private:
  /// In dbt 2, columns have the meta of their node as well.
  static bool InheritsMeta(const json::object& column, const json::object& node) {
    const json::object* of_column = ObjectAt(column, "meta");
    const json::object* of_node = ObjectAt(node, "meta");
    if (of_column == nullptr || of_node == nullptr) return false;
    return std::all_of(kProducts.begin(), kProducts.end(), [&](const char* product) {
      const json::value* value = of_column->if_contains(product);
      const json::value* above = of_node->if_contains(product);
      return value == nullptr || (above != nullptr && *value == *above);
    });
  }

  /// dbt keeps whatever a node's `config()` says.
  void SearchConfig(const json::object& config, const std::string& place) {
    for (const auto& [key, value] : config) {
      const std::string name = Text("config.", std::string_view(key));
      const json::object* below = value.if_object();
      if ((key == "fal" || key == "aft") && HoldsScripts(value))
        problems_.push_back(Text(place, ": the scripts under ", name,
                                 " do not run; put them under config.meta.",
                                 std::string_view(key)));
      if (below == nullptr || !IsMisspeltMeta(key)) continue;
      for (const char* product : kProducts)
        if (const json::value* scripts = below->if_contains(product);
            scripts != nullptr && HoldsScripts(*scripts))
          problems_.push_back(Text(place, ": the scripts under ", name, ".", product,
                                   " do not run; did you mean config.meta?"));
    }
  }

  void SearchMeta(const json::object& holder, const std::string& place) {
    const json::object* config = ObjectAt(holder, "config");
    // dbt shows what stands in one of them in both.
    if (!Refuse(ObjectAt(holder, "meta"), place) && config != nullptr)
      Refuse(ObjectAt(*config, "meta"), place);
  }

  bool Refuse(const json::object* meta, const std::string& place) {
    if (meta == nullptr) return false;
    for (const char* product : kProducts) {
      const json::value* value = meta->if_contains(product);
      if (value == nullptr || !HoldsScripts(*value)) continue;
      problems_.push_back(Text(place, ": meta.", product,
                               ": these scripts cannot run; bind them to a model, seed, ",
                               "snapshot or source"));
      return true;
    }
    return false;
  }

  std::string package_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> FindUnboundScripts(const json::object& manifest,
                                            const std::string& project) {
  UnboundFinder finder(project);
  for (const auto& [kinds, kind] : {std::pair{"nodes", "node"},
                                    {"sources", "source"},
                                    {"exposures", "exposure"},
                                    {"functions", "function"},
                                    {"macros", "macro"},
                                    {"metrics", "metric"},
                                    {"saved_queries", "saved query"},
                                    {"semantic_models", "semantic model"},
                                    {"unit_tests", "unit test"}}) {
    const json::object* entries = ObjectAt(manifest, kinds);
    if (entries == nullptr) continue;
    for (const auto& [id, entry] : *entries)
      if (entry.is_object()) finder.Search(entry.as_object(), kind);
  }
  return finder.Take();
}

}  // namespace aft
