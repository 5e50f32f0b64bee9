// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_probe.h"

#include <boost/json.hpp>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_executable.h"
#include "plugin/dbt/process_output.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kNoPython = "it is no Python program";
constexpr std::string_view kAnswer = "\naft: ";
// A line of `dbt debug`, from dbt 1.0 on.
constexpr std::string_view kPythonPath = "python path: ";

/// What a Python has said.
struct Answer {
  fs::path python;
  std::string version;  ///< of dbt-core; empty if that is not installed
  bool has_gate = false;
};

/// The answer in `output`, once it is there as a whole.
std::optional<Answer> AnswerIn(const std::string& output) {
  const std::size_t at = output.rfind(kAnswer);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + kAnswer.size();
  const std::size_t end = output.find('\n', begin);
  if (end == std::string::npos) return std::nullopt;
  const json::value told = ParseJsonOrNull(output.substr(begin, end - begin));
  const json::value* gate = ValueAt(told, {"gate"});
  if (gate == nullptr || !gate->is_bool()) return std::nullopt;
  return Answer{StringAt(told, {"python"}), StringAt(told, {"version"}), gate->as_bool()};
}

/// All that a process prints up to its answer, or without one to its end.
std::string AnswerOf(std::vector<std::string> argv,
                     std::vector<std::string> environment = {}) {
  return OutputOf(std::move(argv), std::move(environment),
                  [](const std::string& text) { return AnswerIn(text).has_value(); });
}

/// Asks a Python that is known; nullopt when it does not answer.
std::optional<Answer> AskPython(const NamedPython& python,
                                const fs::path& module_folder) {
  std::vector<std::string> argv = {python.path};
  argv.insert(argv.end(), python.flags.begin(), python.flags.end());
  argv.push_back(module_folder / "dbt" / "__init__.py");
  try {
    return AnswerIn(AnswerOf(std::move(argv)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

DbtAbility AbilityFrom(const Answer& answer) {
  DbtAbility ability{answer.has_gate, "", answer.python, answer.version};
  if (answer.has_gate) return ability;
  ability.reason = answer.version.empty() ? "it has no dbt-core in its Python"
                                          : Text("dbt-core ", answer.version,
                                                 " has no plugins that hear of events");
  return ability;
}

/// A whole command of dbt's that only looks around, started with the module on
/// PYTHONPATH. Where that does not reach dbt's Python, the command prints which one it
/// is.
std::string OutputOfWrapper(const fs::path& dbt, const DbtQuestion& question) {
  const std::string& scratch = question.scratch.native();
  try {
    return AnswerOf(
        {dbt, "--log-format", "text", "--no-use-colors", "debug", "--project-dir",
         scratch, "--profiles-dir", scratch},
        {PythonPathWith(question.module_folder), Text("DBT_LOG_PATH=", scratch),
         "DBT_QUIET=false", "DBT_SEND_ANONYMOUS_USAGE_STATS=false"});
  } catch (const Error&) {
    return "";
  }
}

/// Of a `dbt` whose Python PYTHONPATH does not reach: `python`, as it has said itself.
DbtAbility AbilityWithoutPath(const fs::path& dbt, const fs::path& python,
                              const DbtQuestion& question) {
  // In a container the path says nothing here.
  const std::optional<Answer> answer = AskPython({python, {}}, question.module_folder);
  if (!answer || answer->version.empty()) return {false, kNoPython, "", ""};
  DbtAbility ability = AbilityFrom(*answer);
  if (!ability.can_load_gate) return ability;
  ability.can_load_gate = false;
  const fs::path started = python.parent_path() / "dbt";
  std::error_code ignored;
  const bool is_other =
      fs::exists(started, ignored) && !fs::equivalent(started, dbt, ignored);
  ability.reason = Text(
      "PYTHONPATH does not reach its Python; ",
      is_other
          ? Text("name the dbt that it starts, with '--aft-dbt ", started.native(), "'")
          : Text("have the first line of a copy of it say '#!", python.native(),
                 "', and name that with '--aft-dbt PATH'"));
  return ability;
}

/// The version of a program that is dbt itself without any Python, dbt 2, or empty if it
/// does not say. Nothing for another program: compiled shims start a Python, which
/// answers, or prints what dbt-core 1 does.
std::optional<std::string> VersionOfCompiledDbt(const fs::path& dbt,
                                                const DbtQuestion& question) {
  if (!IsBinary(dbt)) return std::nullopt;
  try {
    const std::string output =
        AnswerOf({dbt, "--version"}, {PythonPathWith(question.module_folder)});
    if (AnswerIn(output) || output.find("installed:") != output.npos) return std::nullopt;
    // "dbt-core 2.0.0-alpha.4"
    const std::size_t space = output.find(" 2.");
    if (space == output.npos) return "";
    const std::size_t begin = space + 1;
    return output.substr(begin, output.find_first_of(" \n", begin) - begin);
  } catch (const Error&) {
    return "";
  }
}

DbtAbility AskWrapper(const fs::path& dbt, const DbtQuestion& question) {
  if (const std::optional<std::string> version = VersionOfCompiledDbt(dbt, question))
    return {false, kNoPython, "", *version};
  const std::string output = OutputOfWrapper(dbt, question);
  if (const std::optional<Answer> answer = AnswerIn(output)) return AbilityFrom(*answer);
  const std::size_t at = output.find(kPythonPath);
  if (at == std::string::npos) return {false, kNoPython, "", ""};
  const std::size_t begin = at + kPythonPath.size();
  return AbilityWithoutPath(dbt, output.substr(begin, output.find('\n', begin) - begin),
                            question);
}

std::int64_t ChangedAt(const fs::path& dbt) {
  std::error_code code;
  const fs::file_time_type time = fs::last_write_time(fs::canonical(dbt, code), code);
  return code ? 0 : static_cast<std::int64_t>(time.time_since_epoch().count());
}

json::object ReadCache(const fs::path& file) {
  const json::value value = ReadJsonFileOrNull(file);
  return value.is_object() ? value.as_object() : json::object();
}

std::optional<DbtAbility> Known(const json::object& cache, const fs::path& dbt,
                                const fs::path& python) {
  const json::value* entry = cache.if_contains(dbt.native());
  if (entry == nullptr || !entry->is_object()) return std::nullopt;
  const json::object& known = entry->as_object();
  const json::value* changed = known.if_contains("changed");
  const json::value* gate = known.if_contains("gate");
  const json::value* reason = known.if_contains("reason");
  const json::value* version = known.if_contains("version");
  if (StringAt(known, "python") != python || changed == nullptr ||
      *changed != ChangedAt(dbt) || gate == nullptr || !gate->is_bool() ||
      reason == nullptr || !reason->is_string() || version == nullptr ||
      !version->is_string())
    return std::nullopt;
  return DbtAbility{gate->as_bool(), std::string(reason->as_string()), python,
                    std::string(version->as_string())};
}

void Keep(const DbtAbility& ability, const fs::path& dbt, json::object& cache,
          const fs::path& cache_file) {
  if (cache_file.empty()) return;
  cache[dbt.native()] = {{"changed", ChangedAt(dbt)},
                         {"python", ability.python.native()},
                         {"gate", ability.can_load_gate},
                         {"reason", ability.reason},
                         {"version", ability.version}};
  std::error_code ignored;
  fs::create_directories(cache_file.parent_path(), ignored);
  try {
    WriteAtomically(cache_file, json::serialize(cache));
  } catch (const Error&) {
    // dbt is asked again the next time.
    return;
  }
}

}  // namespace

fs::path GateCacheFile() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && fs::path(cache).is_absolute())
    return fs::path(cache) / "aft" / "dbt.json";
  const char* home = std::getenv("HOME");
  if (home == nullptr || !fs::path(home).is_absolute()) return {};
  return fs::path(home) / ".cache" / "aft" / "dbt.json";
}

DbtAbility AskDbt(const fs::path& dbt, const DbtQuestion& question) {
  const std::optional<NamedPython> python = PythonNamedBy(dbt);
  if (!python) return AskWrapper(dbt, question);
  json::object cache = ReadCache(question.cache_file);
  DbtAbility ability{false, "its Python does not answer", python->path, ""};
  if (const std::optional<DbtAbility> known = Known(cache, dbt, python->path)) {
    ability = *known;
  } else if (const std::optional<Answer> answer =
                 AskPython(*python, question.module_folder)) {
    ability = AbilityFrom(*answer);
    ability.python = python->path;
    Keep(ability, dbt, cache, question.cache_file);
  } else {
    return ability;
  }
  // A script in Python may start a dbt of another one.
  return ability.version.empty() ? AskWrapper(dbt, question) : ability;
}

}  // namespace aft
