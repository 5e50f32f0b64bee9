// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/dbt/dbt_arguments.h"
#include "plugin/project/project_config.h"

namespace aft {

/// How dbt was called, as far as it matters to scripts. Where the user left something to
/// the project or the profile, it is empty.
struct DbtInvocation {
  std::string python;  ///< the interpreter of the environment that dbt runs in
  std::string dbt_version;
  std::string id;              ///< dbt's invocation_id; empty where it is not known
  std::string command;         ///< dbt's subcommand: run, build, ls, …
  std::string project_folder;  ///< absolute
  std::string profiles_folder;
  std::string profile;
  std::string target;
  std::string target_folder;
  std::string state_folder;      ///< of --state
  std::string variables = "{}";  ///< of --vars, as a JSON object
  std::string arguments = "{}";  ///< what may be kept of all of them, as a JSON object
  int threads = 0;               ///< 0 where the user named none
  int printer_width = 80;
  std::string log_format;            ///< of the console
  std::string least_level = "info";  ///< that the console shows
  bool use_colors = false;
  bool writes_json = true;        ///< false under --no-write-json
  bool fails_fast = false;        ///< --fail-fast
  bool fails_on_warning = false;  ///< --warn-error
  bool is_empty = false;          ///< --empty
  std::string sample_start;       ///< of --sample
  std::string sample_end;         ///< likewise
};

/// How `arguments` and dbt's environment variables call a dbt that `python` runs, for the
/// project in the folder of `project`. Throws Error for `--vars` that are not YAML.
DbtInvocation InvocationOf(const DbtArguments& arguments,
                           const std::filesystem::path& python,
                           const ProjectConfig& project);

/// Where dbt looks for profiles.yml.
std::filesystem::path ProfilesFolder(const DbtArguments& arguments);

/// What to do where dbt will find no profiles.yml, or "" if it will find one. dbt's own
/// error names a folder at most.
std::string ProfilesProblem(const DbtArguments& arguments);

/// The value of `--vars` as a JSON object. Throws Error where it is no mapping in YAML.
std::string VariablesAsJson(const std::string& yaml);

/// The least level that dbt's console shows, for --log-level or "", --quiet and --debug.
std::string LeastLevel(const std::string& log_level, bool is_quiet, bool is_debug);

/// A variable given on dbt's command line, or "" where none is.
std::string CommandLineVariable(const DbtInvocation& invocation, std::string_view name);

/// The texts that `yaml`, the value of --vars, gives to a variable: one, or a list.
/// Nothing where it does not have it, or can't be read.
std::optional<std::vector<std::string>> CommandLineTexts(const std::string& yaml,
                                                         std::string_view name);

/// What `--vars` sets below `aft`, as it would stand in YAML.
std::map<std::string, std::string> CommandLineSettings(const DbtInvocation& invocation);
/// The variables of --vars that look like settings under a misspelling of `aft`.
std::vector<std::string> MisspeltSettingKeys(const DbtInvocation& invocation);

}  // namespace aft
