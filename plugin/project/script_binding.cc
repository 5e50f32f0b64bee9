// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/script_binding.h"

#include <boost/json.hpp>
#include <string_view>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace json = boost::json;

// They are handed over in one packet, which holds about three times as much.
constexpr std::size_t kMostArguments = std::size_t{64} << 10U;

/// Collects bindings and problems while it walks what stands under `fal` or `aft`.
class BindingReader {
 public:
  BindingReader(std::string place, std::vector<ScriptBinding>& bindings,
                std::vector<std::string>& problems)
      : place_(std::move(place)), bindings_(bindings), problems_(problems) {}

  void ReadProduct(const json::value& value) {
    if (!value.is_object()) return Problem("is not a mapping");
    const std::size_t first = bindings_.size();
    std::string environment;
    for (const auto& [key, below] : value.as_object()) {
      const std::string_view name = key;
      if (name == "scripts") {
        ReadScripts(below);
      } else if (name == "pre-hook" || name == "post-hook") {
        Problem(Text("has '", name, "', which this version of aft does not run; bind ",
                     "the file under 'scripts' instead"));
      } else if (name == "environment") {
        environment = EnvironmentName(below);
      }
    }
    for (std::size_t i = first; i < bindings_.size(); ++i)
      if (bindings_[i].environment.empty()) bindings_[i].environment = environment;
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
        Problem(Text("unknown key '", name,
                     "' under 'scripts'; the keys are 'before' and 'after'"));
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
      bindings_.push_back({when, std::string(entry.as_string()), "", {}, ""});
      return;
    }
    if (!entry.is_object() || !HasPath(entry.as_object()))
      return Problem(
          Text("an entry of '", Name(when),
               "' under 'scripts' is neither a path nor a mapping with 'path'"));
    ScriptBinding binding{when, std::string(entry.at("path").as_string()), "", {}, ""};
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
      Problem(Text("unknown key '", name, "' at script '", binding.path,
                   "'; the keys are 'path', 'with', 'environment', 'timeout', 'memory' ",
                   "and 'retries'"));
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
    BindingReader(Text(place, ": meta.", product), bindings, problems)
        .ReadProduct(*value);
  }
  return bindings;
}

}  // namespace aft
