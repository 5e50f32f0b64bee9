// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/recorded_arguments.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/dbt/secret_variables.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// dbt-core, task/retry.py: all but IGNORE_PARENT_FLAGS.
constexpr std::array kFlags = {
    "full-refresh", "defer",          "favor-state",          "fail-fast",
    "empty",        "store-failures", "export-saved-queries", "include-saved-query"};
constexpr std::array kSettings = {"profile",          "target",         "state",
                                  "event-time-start", "event-time-end", "sample"};
// Which `dbt retry` takes from its own command line.
constexpr std::array kFolders = {"project-dir", "profiles-dir", "target-path",
                                 "defer-state"};

std::string KeyOf(std::string option) {
  std::replace(option.begin(), option.end(), '-', '_');
  return option;
}

bool HasNegation(const std::string& flag) {
  return flag != "full-refresh" && flag != "store-failures";
}

}  // namespace

std::vector<std::string> RecordedOptions(const json::value& args) {
  std::vector<std::string> options;
  for (const std::string flag : kFlags) {
    const json::value* value = ValueAt(args, {KeyOf(flag)});
    if (value == nullptr || !value->is_bool()) continue;
    if (value->as_bool()) options.push_back("--" + flag);
    // An environment variable must not turn on what was off.
    if (!value->as_bool() && HasNegation(flag)) options.push_back("--no-" + flag);
  }
  std::vector<std::string> names(kSettings.begin(), kSettings.end());
  names.insert(names.end(), {"threads", "vars"});
  for (const std::string& name : names) {
    const json::value* value = ValueAt(args, {KeyOf(name)});
    const bool is_empty =
        value != nullptr && value->is_object() && value->as_object().empty();
    if (value == nullptr || value->is_null() || is_empty) continue;
    options.push_back("--" + name);
    options.push_back(value->is_string() ? std::string(value->as_string())
                                         : json::serialize(*value));
  }
  return options;
}

std::vector<std::string> OptionsToCallAgain(const json::value& args,
                                            const std::string& dbt_version) {
  std::vector<std::string> options = RecordedOptions(args);
  // What was off is off again, unless a variable turns it on.
  std::erase_if(options,
                [](const std::string& word) { return word.starts_with("--no-"); });
  const DbtArguments none({}, DbtVariables(dbt_version));
  for (const std::string name : kFolders) {
    const std::string folder = StringAt(args, {KeyOf(name)});
    const bool is_usual =
        (name == "project-dir" && folder == FindProject(fs::current_path())) ||
        (name == "profiles-dir" && folder == ProfilesFolder(none)) ||
        (name == "target-path" && folder == none.Setting(name));
    if (!folder.empty() && !is_usual)
      options.insert(options.end(), {"--" + name, folder});
  }
  return options;
}

json::object ArgumentsToKeep(const json::value& args) {
  json::object kept;
  for (const std::string flag : kFlags)
    if (const json::value* value = ValueAt(args, {KeyOf(flag)});
        value != nullptr && value->is_bool() && value->as_bool())
      kept[KeyOf(flag)] = true;
  std::vector<std::string> names(kSettings.begin(), kSettings.end());
  names.insert(names.end(), kFolders.begin(), kFolders.end());
  names.insert(names.end(), {"threads", "vars"});
  for (const std::string& name : names)
    if (const json::value* value = ValueAt(args, {KeyOf(name)});
        value != nullptr && !value->is_null() && *value != json::object())
      kept[KeyOf(name)] = *value;
  if (json::value* variables = kept.if_contains("vars")) MaskSecrets(*variables);
  return kept;
}

json::object RecordedArguments(const DbtArguments& arguments) {
  json::object args;
  for (const std::string flag : kFlags)
    if (arguments.Flag(flag, false)) args[KeyOf(flag)] = true;
  for (const std::string name : kSettings)
    if (const std::string value = arguments.Setting(name); !value.empty())
      args[KeyOf(name)] = value;
  for (const std::string name : kFolders)
    if (const std::string folder = arguments.Setting(name); !folder.empty())
      // dbt takes this one for a folder of the project.
      args[KeyOf(name)] = name == "target-path" ? folder : fs::absolute(folder).native();
  args["vars"] = ParseJson(VariablesAsJson(arguments.Value("--vars")));
  const json::value threads = ParseJsonOrNull(arguments.Value("--threads"));
  if (threads.is_int64()) args["threads"] = threads;
  return args;
}

}  // namespace aft
