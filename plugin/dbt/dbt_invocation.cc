// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_invocation.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/recorded_arguments.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/yaml_json.h"

namespace aft {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr int kWidth = 80;
constexpr int kFirstToLookHere = 3;    // for profiles.yml, in the working folder
constexpr int kFirstWithOwnFlags = 7;  // in dbt_project.yml

using Flags = std::map<std::string, std::string>;

/// The project's `flags`, or what older projects have as `config` in profiles.yml.
Flags FlagsOf(const ProjectConfig& project, const DbtArguments& arguments,
              const fs::path& profiles_folder) {
  const bool is_read = !IsBefore(arguments.variables().dbt_version(), kFirstWithOwnFlags);
  return is_read && !project.flags.empty() ? project.flags
                                           : ReadProfilesConfig(profiles_folder);
}

/// Flags where dbt looks for them: the command line, its environment variables, and the
/// `flags` of the project. (dbt documentation: "About flags")
class Settings {
 public:
  Settings(const DbtArguments& arguments, Flags flags)
      : arguments_(arguments), flags_(std::move(flags)) {}

  [[nodiscard]] std::string Text(std::string_view name) const {
    const std::string given = arguments_.Setting(name);
    return given.empty() ? OfProject(name) : given;
  }
  [[nodiscard]] bool Flag(std::string_view name, bool otherwise) const {
    const std::string own = OfProject(name);
    return arguments_.Flag(name, own.empty() ? otherwise : IsTrue(own));
  }

 private:
  [[nodiscard]] std::string OfProject(std::string_view name) const {
    std::string key(name);
    std::replace(key.begin(), key.end(), '-', '_');
    const auto found = flags_.find(key);
    return found == flags_.end() ? "" : found->second;
  }

  const DbtArguments& arguments_;
  Flags flags_;
};

int Number(const std::string& text, int otherwise) {
  char* end = nullptr;
  const long number = std::strtol(text.c_str(), &end, 10);
  return text.empty() || *end != '\0' ? otherwise : static_cast<int>(number);
}

}  // namespace

// (dbt documentation: "About profiles.yml")
fs::path ProfilesFolder(const DbtArguments& arguments) {
  const std::string given = arguments.Setting("profiles-dir");
  if (!given.empty()) return fs::absolute(given);
  std::error_code ignored;
  const bool looks_here =
      !IsBefore(arguments.variables().dbt_version(), kFirstToLookHere);
  if (looks_here && fs::exists(fs::current_path() / kProfilesFile, ignored))
    return fs::current_path();
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "/" : home) / ".dbt";
}

std::string ProfilesProblem(const DbtArguments& arguments) {
  const fs::path file = ProfilesFolder(arguments) / kProfilesFile;
  std::error_code ignored;
  if (fs::exists(file, ignored)) return "";
  return Text(
      "cannot find '", file.native(),
      "'; dbt takes profiles.yml from the folder that '--profiles-dir' or "
      "DBT_PROFILES_DIR names, else from the working folder or ~/.dbt: put it there, or "
      "make one with 'dbt init'");
}

std::string VariablesAsJson(const std::string& yaml) {
  if (yaml.empty()) return "{}";
  try {
    const json::value variables = JsonOf(YAML::Load(yaml));
    if (variables.is_object()) return json::serialize(variables);
  } catch (const YAML::Exception& error) {
    throw Error(Text("cannot read '--vars': ", error.msg));
  }
  throw Error("cannot read '--vars': it is not a mapping, such as '{name: value}'");
}

DbtInvocation InvocationOf(const DbtArguments& arguments, const fs::path& python,
                           const ProjectConfig& project) {
  DbtInvocation invocation;
  invocation.python = python;
  invocation.dbt_version = arguments.variables().dbt_version();
  // As dbt itself calls `source freshness`.
  const std::string& command = arguments.command();
  invocation.command = command.substr(command.rfind(' ') + 1);
  invocation.project_folder = project.folder;
  invocation.profiles_folder = ProfilesFolder(arguments);
  const Settings settings(arguments,
                          FlagsOf(project, arguments, invocation.profiles_folder));
  invocation.profile = arguments.Setting("profile");
  invocation.target = arguments.Setting("target");
  invocation.target_folder = arguments.Setting("target-path");
  invocation.state_folder = arguments.Setting("state");
  invocation.variables = VariablesAsJson(arguments.Value("--vars"));
  invocation.arguments = json::serialize(ArgumentsToKeep(RecordedArguments(arguments)));
  // The only one of these without a variable.
  invocation.threads = Number(arguments.Value("--threads"), 0);
  invocation.printer_width = Number(settings.Text("printer-width"), kWidth);
  invocation.log_format = settings.Text("log-format");
  invocation.least_level =
      LeastLevel(settings.Text("log-level"), settings.Flag("quiet", false),
                 settings.Flag("debug", false));
  invocation.use_colors = settings.Flag("use-colors", true);
  invocation.writes_json = settings.Flag("write-json", true);
  invocation.is_empty = arguments.Flag("empty", false);
  invocation.fails_fast = settings.Flag("fail-fast", false);
  invocation.fails_on_warning = settings.Flag("warn-error", false);
  return invocation;
}

std::string LeastLevel(const std::string& log_level, bool is_quiet, bool is_debug) {
  if (log_level == "none") return log_level;
  if (is_quiet) return "error";
  if (is_debug) return "debug";
  return log_level.empty() ? "info" : log_level;
}

std::string CommandLineVariable(const DbtInvocation& invocation, std::string_view name) {
  const json::value variables = ParseJson(invocation.variables);
  const json::value* value = variables.as_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<std::vector<std::string>> CommandLineTexts(const std::string& yaml,
                                                         std::string_view name) {
  // Most values don't have it, and are spared the reading.
  if (yaml.find(name) == std::string::npos) return {};
  try {
    const json::value variables = ParseJson(VariablesAsJson(yaml));
    const json::value* value = ValueAt(variables, {name});
    if (value == nullptr) return {};
    std::vector<std::string> texts;
    if (value->is_string()) texts.emplace_back(value->as_string());
    if (value->is_array())
      for (const json::value& entry : value->as_array())
        if (entry.is_string()) texts.emplace_back(entry.as_string());
    return texts;
  } catch (const Error&) {
    // dbt reports it in its own words.
    return {};
  }
}

std::map<std::string, std::string> CommandLineSettings(const DbtInvocation& invocation) {
  std::map<std::string, std::string> settings;
  const json::value variables = ParseJson(invocation.variables);
  const json::value* own = variables.as_object().if_contains("aft");
  if (own == nullptr || !own->is_object()) return settings;
  for (const auto& [key, value] : own->as_object()) settings[key] = AsWritten(value);
  return settings;
}

std::vector<std::string> MisspeltSettingKeys(const DbtInvocation& invocation) {
  std::vector<std::string> misspelt;
  const json::value variables = ParseJson(invocation.variables);
  for (const auto& [key, value] : variables.as_object()) {
    std::vector<std::string> names;
    if (const json::object* const settings = value.if_object())
      for (const auto& setting : *settings) names.emplace_back(setting.key());
    if (AreMisspeltSettings(key, names)) misspelt.emplace_back(key);
  }
  return misspelt;
}

}  // namespace aft
