// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/gate_probe.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host_shim/child_process.h"
#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_executable.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::chrono::seconds kLongestAnswer{30};

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

/// All that a process prints up to its answer, or without one to its end; cut at a time
/// out. Nothing of it reaches the user.
std::string OutputOf(std::vector<std::string> argv,
                     std::vector<std::string> environment = {}) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  options.standard_input = ProcessOptions::Input::kNull;
  options.standard_output = ProcessOptions::Output::kCaptured;
  options.standard_error = ProcessOptions::Output::kCaptured;
  ChildProcess process(std::move(options));
  const Fd output = process.TakeOutput();
  const auto deadline = std::chrono::steady_clock::now() + kLongestAnswer;
  std::string text;
  while (!AnswerIn(text)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd entry{output.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) == 0)
      break;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(output.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  process.TerminateAndReap(std::chrono::seconds(1));
  return text;
}

/// Asks a Python that is known; nullopt when it does not answer.
std::optional<Answer> AskPython(const NamedPython& python,
                                const fs::path& module_folder) {
  std::vector<std::string> argv = {python.path};
  argv.insert(argv.end(), python.flags.begin(), python.flags.end());
  argv.push_back(module_folder / "dbt" / "__init__.py");
  try {
    return AnswerIn(OutputOf(std::move(argv)));
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
    return OutputOf(
        {dbt, "--log-format", "text", "--no-use-colors", "debug", "--project-dir",
         scratch, "--profiles-dir", scratch},
        {PythonPathWith(question.module_folder), Text("DBT_LOG_PATH=", scratch),
         "DBT_QUIET=false", "DBT_SEND_ANONYMOUS_USAGE_STATS=false"});
  } catch (const Error&) {
    return "";
  }
}

/// Of a dbt whose Python PYTHONPATH does not reach: `python`, as it has said itself.
DbtAbility AbilityWithoutPath(const fs::path& python, const fs::path& module_folder) {
  // In a container the path says nothing here.
  const std::optional<Answer> answer = AskPython({python, {}}, module_folder);
  if (!answer || answer->version.empty()) return {false, kNoPython, "", ""};
  DbtAbility ability = AbilityFrom(*answer);
  if (!ability.can_load_gate) return ability;
  ability.can_load_gate = false;
  ability.reason =
      Text("PYTHONPATH does not reach its Python; name the dbt that it ",
           "starts, with '--aft-dbt ", (python.parent_path() / "dbt").native(), "'");
  return ability;
}

DbtAbility AskWrapper(const fs::path& dbt, const DbtQuestion& question) {
  // A compiled dbt is dbt itself, whereas a shim of mise has another name behind its
  // link.
  std::error_code ignored;
  const std::string name = fs::canonical(dbt, ignored).filename();
  if (name.starts_with("dbt") && IsBinary(dbt)) return {false, kNoPython, "", ""};
  const std::string output = OutputOfWrapper(dbt, question);
  if (const std::optional<Answer> answer = AnswerIn(output)) return AbilityFrom(*answer);
  const std::size_t at = output.find(kPythonPath);
  if (at == std::string::npos) return {false, kNoPython, "", ""};
  const std::size_t begin = at + kPythonPath.size();
  return AbilityWithoutPath(output.substr(begin, output.find('\n', begin) - begin),
                            question.module_folder);
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

std::optional<DbtAbility> Known(const json::object& cache, const fs::path& dbt) {
  const json::value* entry = cache.if_contains(dbt.native());
  if (entry == nullptr || !entry->is_object()) return std::nullopt;
  const json::object& known = entry->as_object();
  const json::value* changed = known.if_contains("changed");
  const json::value* gate = known.if_contains("gate");
  const json::value* reason = known.if_contains("reason");
  const json::value* version = known.if_contains("version");
  if (changed == nullptr || *changed != ChangedAt(dbt) || gate == nullptr ||
      !gate->is_bool() || reason == nullptr || !reason->is_string() ||
      version == nullptr || !version->is_string())
    return std::nullopt;
  return DbtAbility{gate->as_bool(), std::string(reason->as_string()), "",
                    std::string(version->as_string())};
}

void Keep(const DbtAbility& ability, const fs::path& dbt, json::object& cache,
          const fs::path& cache_file) {
  if (cache_file.empty()) return;
  cache[dbt.native()] = {{"changed", ChangedAt(dbt)},
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
  DbtAbility ability;
  if (const std::optional<DbtAbility> known = Known(cache, dbt)) {
    ability = *known;
  } else if (const std::optional<Answer> answer =
                 AskPython(*python, question.module_folder)) {
    ability = AbilityFrom(*answer);
    Keep(ability, dbt, cache, question.cache_file);
  } else {
    ability.reason = "its Python does not answer";
  }
  ability.python = python->path;
  return ability;
}

}  // namespace aft
