// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_binding.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
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
    ScriptBinding common;
    for (const auto& [key, below] : value.as_object()) {
      const std::string_view name = key;
      if (name == "scripts") {
        ReadScripts(below);
      } else if (name == Name(When::kPreHook)) {
        ReadList(When::kPreHook, below);
      } else if (name == Name(When::kPostHook)) {
        ReadList(When::kPostHook, below);
      } else if (name == "environment") {
        common.environment = EnvironmentName(below);
      } else if (name == "priority") {
        ReadNumber(name, below, "", common);
      } else if (name == "writes") {
        common.may_leave_table = below.is_string() && below.as_string() == "optional";
        if (!common.may_leave_table) Problem("'writes' can only be 'optional'");
      } else if (!is_of_fal_ || !IsKnown(name, kFalKeys)) {
        Problem(
            UnknownKey(name, is_of_fal_ ? "under 'fal'" : "under 'aft'", kProductKeys));
      }
    }
    for (std::size_t i = 0; i < bindings_.size(); ++i)
      if (i >= first || bindings_[i].is_model) Complete(common, bindings_[i]);
  }

 private:
  /// Takes from `common` what holds for all scripts of the node.
  static void Complete(const ScriptBinding& common, ScriptBinding& binding) {
    if (binding.environment.empty()) binding.environment = common.environment;
    if (!binding.priority) binding.priority = common.priority;
    binding.may_leave_table |= common.may_leave_table;
  }

  void ReadScripts(const json::value& value) {
    if (value.is_array()) return ReadList(When::kAfter, value);
    if (!value.is_object())
      return Problem(
          "'scripts' is neither a list nor a mapping of 'before' and 'after'; write for "
          "example 'scripts: [scripts/score.py]'");
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
    if (!value.is_array()) {
      const char* kind = IsHook(when) ? " is not a list of hooks"
                                      : " under 'scripts' is not a list of scripts";
      return Problem(Text("'", Name(when), "'", kind));
    }
    for (const json::value& entry : value.as_array()) ReadEntry(when, entry);
  }

  void ReadEntry(When when, const json::value& entry) {
    if (entry.is_string()) {
      bindings_.push_back(Binding(when, entry));
      return;
    }
    if (!entry.is_object() || !HasPath(entry.as_object()))
      return Problem(Text("an entry of '", Name(when),
                          IsHook(when) ? "'" : "' under 'scripts'",
                          " is neither a path nor a mapping with 'path'"));
    ScriptBinding binding = Binding(when, entry.at("path"));
    for (const auto& [key, below] : entry.as_object()) ReadOption(key, below, binding);
    bindings_.push_back(std::move(binding));
  }

  static ScriptBinding Binding(When when, const json::value& path) {
    ScriptBinding binding;
    binding.when = when;
    binding.path = path.as_string();
    return binding;
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
        return Problem(Text("'with' of ", Named(binding), " is not a mapping"));
      binding.arguments = json::serialize(value);
      if (binding.arguments.size() > kMostArguments)
        Problem(Text("'with' of ", Named(binding),
                     " has more than 64 KiB; let the script read a file instead"));
    } else if (name == "environment") {
      binding.environment = EnvironmentName(value);
    } else if (IsLimit(name) || name == "priority") {
      ReadNumber(name, value, Named(binding) + ": ", binding);
    } else {
      Problem(UnknownKey(name, Text("at ", Named(binding)), kScriptKeys));
    }
  }

  void ReadNumber(std::string_view name, const json::value& value,
                  const std::string& where, ScriptBinding& binding) {
    const std::string text = AsWritten(value);
    try {
      if (name == "priority")
        binding.priority = Priority(text);
      else
        SetLimit(name, text, binding.limits);
    } catch (const Error& error) {
      // All problems are reported together, so that they can be mended together.
      Problem(where + error.what());
    }
  }

  static std::string Named(const ScriptBinding& binding) {
    return Text(KindName(binding.when), " '", binding.path, "'");
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

const char* Name(When when) {
  switch (when) {
    case When::kBefore:
      return "before";
    case When::kPreHook:
      return "pre-hook";
    case When::kPostHook:
      return "post-hook";
    case When::kAfter:
      return "after";
  }
  return "";
}

const char* KindName(When when) { return IsHook(when) ? Name(when) : "script"; }

std::vector<ScriptBinding> ReadBindings(const json::value& meta, const std::string& place,
                                        std::vector<std::string>& problems) {
  std::vector<ScriptBinding> bindings;
  if (!meta.is_object()) return bindings;
  if (std::string model = PythonModelOf(meta); !model.empty()) {
    bindings.emplace_back();
    bindings.back().path = std::move(model);
    bindings.back().is_model = true;
  }
  for (const char* product : {"fal", "aft"}) {
    const json::value* value = meta.as_object().if_contains(product);
    if (value == nullptr) continue;
    BindingReader(place, product, bindings, problems).ReadProduct(*value);
  }
  return bindings;
}

std::string PythonModelOf(const json::value& meta) {
  const json::object* model =
      meta.is_object() ? ObjectAt(meta.as_object(), "aft_model") : nullptr;
  return model == nullptr ? "" : StringAt(*model, "path");
}

bool MayBindScripts(std::string_view resource_type) {
  return resource_type == "model" || resource_type == "seed" ||
         resource_type == "snapshot" || resource_type == "source";
}

bool HoldsScripts(const json::value& value, bool under_misspelling) {
  using IsPath = bool (*)(std::string_view);
  const auto is_list = [](const json::value* list, IsPath is_wanted) {
    const auto is_script = [&](const json::value& entry) {
      if (is_wanted == nullptr) return true;
      const json::value* path = &entry;
      if (entry.is_object()) path = entry.as_object().if_contains("path");
      return path != nullptr && path->is_string() && is_wanted(path->as_string());
    };
    if (list == nullptr) return false;
    if (!list->is_array()) return list->is_string() && is_script(*list);
    const json::array& entries = list->as_array();
    return std::any_of(entries.begin(), entries.end(), is_script);
  };
  if (!value.is_object()) return false;
  for (const auto& [key, below] : value.as_object()) {
    // dbt itself has hooks of these names, which are SQL.
    if (IsLikeHook(key) && is_list(&below, under_misspelling ? IsPythonFile : nullptr))
      return true;
    if (!IsLikeScripts(key)) continue;
    const IsPath is_path = under_misspelling ? IsLikeAPath : nullptr;
    if (is_list(&below, is_path)) return true;
    if (below.is_object() && (is_list(below.as_object().if_contains("before"), is_path) ||
                              is_list(below.as_object().if_contains("after"), is_path)))
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
