// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/yaml_bindings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/project/environment.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/run_bindings.h"
#include "plugin/project/script_binding.h"
#include "plugin/project/yaml_json.h"

namespace aft {
namespace {

// Anchors let a small file stand for a tree without end.
constexpr int kMostNodes = 1'000'000;
constexpr int kDeepest = 64;

/// What stands at `key`, or `otherwise` where that is no text.
std::string ScalarAt(const YAML::Node& map, const char* key,
                     const std::string& otherwise) {
  const YAML::Node value = map[key];
  return value.IsDefined() && value.IsScalar() ? value.Scalar() : otherwise;
}

std::string KeyOf(const YAML::Node& key) { return key.IsScalar() ? key.Scalar() : ""; }

bool IsMeta(std::string_view key) { return key == "meta" || key == "+meta"; }

bool IsNodeKind(std::string_view key) {
  return key == "models" || key == "seeds" || key == "snapshots" || key == "sources";
}

bool IsProduct(std::string_view key) { return key == "fal" || key == "aft"; }

/// As HoldsScripts() of script_binding.h, in YAML; `is_path` tells scripts from what
/// others may have there.
bool HoldsScripts(const YAML::Node& value, bool (*is_path)(std::string_view) = nullptr) {
  const auto is_list = [](const YAML::Node& list, bool (*is_wanted)(std::string_view)) {
    const auto is_script = [&](const YAML::Node& entry) {
      if (is_wanted == nullptr) return true;
      const YAML::Node path = entry.IsMap() ? entry["path"] : entry;
      return path.IsDefined() && path.IsScalar() && is_wanted(path.Scalar());
    };
    if (!list.IsDefined()) return false;
    if (!list.IsSequence()) return list.IsScalar() && is_script(list);
    return std::any_of(list.begin(), list.end(),
                       [&](const auto& entry) { return is_script(entry); });
  };
  if (!value.IsMap()) return false;
  for (const auto& entry : value) {
    const YAML::Node& below = entry.second;
    // dbt itself has hooks of these names, which are SQL.
    if (IsLikeHook(KeyOf(entry.first)) && is_list(below, IsPythonFile)) return true;
    if (!IsLikeScripts(KeyOf(entry.first))) continue;
    if (is_list(below, is_path)) return true;
    if (below.IsMap() &&
        (is_list(below["before"], is_path) || is_list(below["after"], is_path)))
      return true;
  }
  return false;
}

/// Walks a YAML tree and keeps all that stands as a script under `fal` or `aft`.
class BindingFinder {
 public:
  BindingFinder(std::string file, ExpectedScripts& found)
      : file_(std::move(file)), found_(found) {}

  void Search(const YAML::Node& document) { Search(document, {}); }

 private:
  /// Where in the tree a node stands.
  struct Place {
    std::string key;        ///< the last one above it
    std::string name;       ///< the nearest `name` above it
    bool has_name = false;  ///< a `name` stands beside the keys
    bool is_source = false;
    bool is_switched = false;  ///< whether `enabled` stands above it
    ScriptedEntry entry;       ///< that it is part of; without a name in none
    int depth = 0;
  };

  void Search(const YAML::Node& node, const Place& place) {
    if (place.depth > kDeepest || ++visited_ > kMostNodes) return;
    if (node.IsSequence()) {
      for (const YAML::Node& below : node) {
        Place inside = Deeper(place, place.key);
        if (below.IsMap()) EnterEntry(below, inside);
        Search(below, inside);
      }
    } else if (node.IsMap()) {
      Place inside = place;
      inside.name = ScalarAt(node, "name", place.name);
      inside.has_name = node["name"].IsDefined();
      inside.is_switched |= HasSwitch(node);
      for (const auto& entry : node) SearchEntry(entry.first, entry.second, inside);
    }
  }

  static Place Deeper(const Place& place, const std::string& key) {
    Place deeper = place;
    deeper.key = key;
    deeper.is_source |= key == "sources";
    ++deeper.depth;
    return deeper;
  }

  /// `map` stands in a list.
  void EnterEntry(const YAML::Node& map, Place& place) const {
    ScriptedEntry& entry = place.entry;
    const std::string name = ScalarAt(map, "name", "");
    if (place.depth == 2 && IsNodeKind(place.key)) {
      entry = {place.key, name, "", PlaceOf(map)};
    } else if (place.depth == 4 && entry.kind == "sources" && place.key == "tables") {
      entry = {entry.kind, Text(entry.name, ".", name), "", PlaceOf(map)};
    } else if (place.depth == 4 && entry.kind == "models" && place.key == "versions") {
      entry.version = ScalarAt(map, "v", "");
      entry.place = PlaceOf(map);
    }
  }

  static bool HasSwitch(const YAML::Node& map) {
    const YAML::Node config = map["config"];
    return map["enabled"].IsDefined() ||
           (config.IsDefined() && config.IsMap() && config["enabled"].IsDefined());
  }

  void SearchEntry(const YAML::Node& key, const YAML::Node& below, const Place& place) {
    const std::string name = KeyOf(key);
    // These are settings, which others read.
    if (place.depth == 0 && name == "vars") return;
    if ((IsProduct(name) && HoldsScripts(below)) ||
        (!MisspeltProduct(name).empty() && HoldsScripts(below, IsLikeAPath)))
      NoteEntry(place.entry);
    if (IsProduct(name)) {
      TakeProduct(key, below, place);
    } else if (!MisspeltProduct(name).empty() && HoldsScripts(below, IsLikeAPath)) {
      TakeMisspelt(key, place);
    } else if (IsMeta(name) && HoldsScripts(below, IsPythonFile)) {
      Refuse(key,
             "the scripts directly under 'meta' do not run; put them under 'meta: aft:'");
    } else if (IsMisspeltMeta(name)) {
      TakeMisspeltMeta(key, below);
    } else if (place.depth > 0 && place.has_name && IsMisspeltConfig(name)) {
      TakeMisspeltConfig(key, below);
    }
    const std::size_t known = found_.of_nodes.size();
    Search(below, Deeper(place, name));
    if (place.depth == 0 && found_.of_nodes.size() > known) CheckKind(key);
  }

  void NoteEntry(const ScriptedEntry& entry) {
    if (entry.name.empty() || HasJinja(entry.name) || HasJinja(entry.version)) return;
    if (found_.entries.empty() || found_.entries.back().place != entry.place ||
        found_.entries.back().name != entry.name)
      found_.entries.push_back(entry);
  }

  /// Of a key at the top of a file, with scripts below it.
  void CheckKind(const YAML::Node& key) {
    const std::string kind = KeyOf(key);
    if (const std::string_view meant = MisspeltKind(kind); !meant.empty())
      Refuse(key, Text("the scripts under '", kind, "' do not run; did you mean '", meant,
                       "'?"));
    else if (HasNoScripts(kind))
      Refuse(key,
             Text("the scripts under '", kind, "' cannot run; bind them to a model, ",
                  "seed, snapshot or source"));
  }

  void TakeProduct(const YAML::Node& key, const YAML::Node& below, const Place& place) {
    const std::size_t known = found_.of_nodes.size() + found_.of_runs.size();
    if (below.IsMap()) TakeMapping(key, below, place);
    if (found_.of_nodes.size() + found_.of_runs.size() == known)
      found_.may_be_more = true;
  }

  void TakeMapping(const YAML::Node& key, const YAML::Node& below, const Place& place) {
    ExpectedScript like;
    like.environment = ScalarAt(below, "environment", kLocalEnvironment);
    like.is_of_source = place.is_source;
    like.product = KeyOf(key);
    like.node = place.name;
    like.is_switched = place.is_switched;
    if (IsMeta(place.key)) {
      AddScripts(below["scripts"], like, found_.of_nodes);
      like.is_hook = true;
      for (const When when : {When::kPreHook, When::kPostHook})
        AddList(below[Name(when)], like, found_.of_nodes);
    } else if (place.depth == 0) {
      AddScripts(below["scripts"], like, found_.of_runs);
      for (ScriptBinding& binding : ReadRunBindings(JsonOf(below), PlaceOf(key),
                                                    like.product, found_.run_problems))
        found_.run_bindings.push_back(std::move(binding));
    } else if (!IsMisspeltMeta(place.key) && HoldsScripts(below)) {
      Refuse(key,
             Text("the scripts under '", KeyOf(key), "' do not run because it stands ",
                  "under '", place.key, "'; put it under 'meta'"));
    }
  }

  void TakeMisspelt(const YAML::Node& key, const Place& place) {
    found_.may_be_more = true;
    // Of what is in the meta of a node, the manifest tells as well.
    if (IsMeta(place.key)) return;
    Refuse(key, Text("the scripts under '", KeyOf(key),
                     "' do not run; did you mean 'meta: ", MisspeltProduct(KeyOf(key)),
                     ":'?"));
  }

  void TakeMisspeltMeta(const YAML::Node& key, const YAML::Node& below) {
    if (!below.IsMap()) return;
    for (const char* product : {"fal", "aft"})
      if (below[product].IsDefined() && HoldsScripts(below[product]))
        Refuse(key, Text("the scripts under '", KeyOf(key), ": ", product,
                         ":' do not run; did you mean 'meta'?"));
  }

  void TakeMisspeltConfig(const YAML::Node& key, const YAML::Node& below) {
    if (!below.IsMap() || !below["meta"].IsDefined() || !below["meta"].IsMap()) return;
    for (const char* product : {"fal", "aft"}) {
      const YAML::Node scripts = below["meta"][product];
      if (scripts.IsDefined() && HoldsScripts(scripts))
        Refuse(key, Text("the scripts under '", KeyOf(key), ": meta: ", product,
                         ":' do not run; did you mean 'config'?"));
    }
  }

  void AddScripts(const YAML::Node& scripts, const ExpectedScript& like,
                  std::vector<ExpectedScript>& to) {
    if (!scripts.IsDefined()) return;
    if (scripts.IsMap()) {
      AddList(scripts["before"], like, to);
      AddList(scripts["after"], like, to);
    } else {
      AddList(scripts, like, to);
    }
  }

  void AddList(const YAML::Node& list, const ExpectedScript& like,
               std::vector<ExpectedScript>& to) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const YAML::Node& entry : list) {
      ExpectedScript script = like;
      script.place = PlaceOf(entry);
      if (entry.IsScalar()) {
        script.path = entry.Scalar();
      } else if (entry.IsMap()) {
        script.path = ScalarAt(entry, "path", "");
        script.environment = ScalarAt(entry, "environment", like.environment);
      }
      if (!script.path.empty()) to.push_back(std::move(script));
    }
  }

  [[nodiscard]] std::string PlaceOf(const YAML::Node& node) const {
    return Text(file_, ", line ", node.Mark().line + 1);
  }

  void Refuse(const YAML::Node& at, const std::string& what) {
    found_.problems.push_back(Text(PlaceOf(at), ": ", what));
  }

  std::string file_;
  ExpectedScripts& found_;
  int visited_ = 0;
};

}  // namespace

void FindYamlBindings(const YAML::Node& document, const std::string& file,
                      ExpectedScripts& found) {
  BindingFinder(file, found).Search(document);
}

}  // namespace aft
