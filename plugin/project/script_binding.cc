// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_binding.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/project/known_keys.h"

namespace aft {
namespace {

namespace json = boost::json;

// They are handed over in one packet, which holds about three times as much.
constexpr std::size_t kMostArguments = std::size_t{64} << 10U;

/// Collects bindings and problems while it walks what stands under `fal` or `aft`.
class BindingReader {
 public:
  BindingReader(std::string_view place, std::string_view product,
                std::vector<ScriptBinding>& bindings, std::vector<std::string>& problems)
      : place_(Text(place, ": meta.", product)),
        is_of_fal_(product == "fal"),
        bindings_(bindings),
        problems_(problems) {}

  void ReadProduct(const json::value& value) {
    if (!value.is_object()) return Problem("is not a mapping");
    const std::size_t first = bindings_.size();
    std::string environment;
    bool may_leave_table = false;
    for (const auto& [key, below] : value.as_object()) {
      const std::string_view name = key;
      if (name == "scripts") {
        ReadScripts(below);
      } else if (name == "pre-hook" || name == "post-hook") {
        Problem(Text("has '", name, "', which this version of aft does not run; bind ",
                     "the file under 'scripts' instead"));
      } else if (name == "environment") {
        environment = EnvironmentName(below);
      } else if (name == "writes") {
        may_leave_table = below.is_string() && below.as_string() == "optional";
        if (!may_leave_table) Problem("'writes' can only be 'optional'");
      } else if (!is_of_fal_ || !IsKnown(name, kFalKeys)) {
        Problem(
            UnknownKey(name, is_of_fal_ ? "under 'fal'" : "under 'aft'", kProductKeys));
      }
    }
    for (std::size_t i = first; i < bindings_.size(); ++i) {
      if (bindings_[i].environment.empty()) bindings_[i].environment = environment;
      bindings_[i].may_leave_table = may_leave_table;
    }
  }

 private:
  void ReadScripts(const json::value& value) {
    if (value.is_array()) return ReadList(When::kAfter, value);
    if (!value.is_object())
      return Problem("'scripts' is neither a list nor a mapping of 'before' and 'after'");
    for (const auto& [key, below] : value.as_object()) {
      const std::string_view name = key;
      if (name == "before") {
        ReadList(When::kBefore, below);
      } else if (name == "after") {
        ReadList(When::kAfter, below);
      } else {
        Problem(UnknownKey(name, "under 'scripts'", kScriptsKeys));
      }
    }
  }

  void ReadList(When when, const json::value& value) {
    if (!value.is_array())
      return Problem(Text("'", Name(when), "' under 'scripts' is not a list of scripts"));
    for (const json::value& entry : value.as_array()) ReadEntry(when, entry);
  }

  void ReadEntry(When when, const json::value& entry) {
    if (entry.is_string()) {
      bindings_.push_back({when, std::string(entry.as_string()), "", {}, "", false});
      return;
    }
    if (!entry.is_object() || !HasPath(entry.as_object()))
      return Problem(
          Text("an entry of '", Name(when),
               "' under 'scripts' is neither a path nor a mapping with 'path'"));
    ScriptBinding binding{when, std::string(entry.at("path").as_string()), "", {}, "",
                          false};
    for (const auto& [key, below] : entry.as_object()) ReadOption(key, below, binding);
    bindings_.push_back(std::move(binding));
  }

  static bool HasPath(const json::object& entry) {
    const json::value* path = entry.if_contains("path");
    return path != nullptr && path->is_string();
  }

  void ReadOption(std::string_view name, const json::value& value,
                  ScriptBinding& binding) {
    if (name == "path") return;
    if (name == "with") {
      if (!value.is_object())
        return Problem(Text("'with' of script '", binding.path, "' is not a mapping"));
      binding.arguments = json::serialize(value);
      if (binding.arguments.size() > kMostArguments)
        Problem(Text("'with' of script '", binding.path,
                     "' has more than 64 KiB; let the script read a file instead"));
    } else if (name == "environment") {
      binding.environment = EnvironmentName(value);
    } else if (IsLimit(name)) {
      ReadLimit(name, value, binding);
    } else {
      Problem(UnknownKey(name, Text("at script '", binding.path, "'"), kScriptKeys));
    }
  }

  void ReadLimit(std::string_view name, const json::value& value,
                 ScriptBinding& binding) {
    try {
      SetLimit(
          name,
          value.is_string() ? std::string(value.as_string()) : json::serialize(value),
          binding.limits);
    } catch (const Error& error) {
      // All problems are reported together, so that they can be mended together.
      Problem(Text("script '", binding.path, "': ", error.what()));
    }
  }

  std::string EnvironmentName(const json::value& value) {
    if (value.is_string() && !value.as_string().empty())
      return std::string(value.as_string());
    Problem("'environment' is not the name of an environment");
    return "";
  }

  void Problem(const std::string& text) { problems_.push_back(place_ + ": " + text); }

  std::string place_;
  bool is_of_fal_;
  std::vector<ScriptBinding>& bindings_;
  std::vector<std::string>& problems_;
};

}  // namespace

const char* Name(When when) { return when == When::kBefore ? "before" : "after"; }

std::vector<ScriptBinding> ReadBindings(const json::value& meta, const std::string& place,
                                        std::vector<std::string>& problems) {
  std::vector<ScriptBinding> bindings;
  if (!meta.is_object()) return bindings;
  for (const char* product : {"fal", "aft"}) {
    const json::value* value = meta.as_object().if_contains(product);
    if (value == nullptr) continue;
    BindingReader(place, product, bindings, problems).ReadProduct(*value);
  }
  return bindings;
}

bool MayBindScripts(std::string_view resource_type) {
  return resource_type == "model" || resource_type == "seed" ||
         resource_type == "snapshot" || resource_type == "source";
}

bool HoldsScripts(const json::value& value, bool under_misspelling) {
  const auto is_script = [&](const json::value& entry) {
    if (!under_misspelling) return true;
    const json::value* path = &entry;
    if (entry.is_object()) path = entry.as_object().if_contains("path");
    return path != nullptr && path->is_string() && IsLikeAPath(path->as_string());
  };
  const auto is_list = [&](const json::value* list) {
    if (list == nullptr) return false;
    if (!list->is_array()) return list->is_string() && is_script(*list);
    const json::array& entries = list->as_array();
    return std::any_of(entries.begin(), entries.end(), is_script);
  };
  if (!value.is_object()) return false;
  for (const auto& [key, below] : value.as_object()) {
    if (!IsLikeScripts(key)) continue;
    if (is_list(&below)) return true;
    if (below.is_object() && (is_list(below.as_object().if_contains("before")) ||
                              is_list(below.as_object().if_contains("after"))))
      return true;
  }
  return false;
}

std::vector<std::string> MisspeltBindings(const json::value& meta,
                                          const std::string& place) {
  std::vector<std::string> problems;
  if (!meta.is_object()) return problems;
  for (const auto& [key, below] : meta.as_object()) {
    const std::string_view product = MisspeltProduct(key);
    if (product.empty() || !HoldsScripts(below, true)) continue;
    problems.push_back(Text(place, ": the scripts under meta.", std::string_view(key),
                            " do not run; did you mean meta.", product, "?"));
  }
  return problems;
}

}  // namespace aft
