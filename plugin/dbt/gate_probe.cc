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

#include "host_shim/child_process.h"
#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_executable.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::chrono::seconds kLongestAnswer{30};

// Nothing of dbt's is printed, whatever its modules do when they are imported.
constexpr const char* kQuestion = R"(
import importlib.metadata as m, importlib.util as u
try:
    version = m.version("dbt-core")
except m.PackageNotFoundError:
    version = ""
def has(name):
    try:
        return u.find_spec(name) is not None
    except ImportError:
        return False
gate = has("dbt.plugins.manager") and has("dbt_common.events.event_manager_client")
print("\naft:", "gate" if gate else "none", version)
)";

/// All that `command` prints; cut at a time out.
std::string OutputOf(std::vector<std::string> argv) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.standard_input = ProcessOptions::Input::kNull;
  options.standard_output = ProcessOptions::Output::kCaptured;
  ChildProcess process(std::move(options));
  const Fd output = process.TakeOutput();
  const auto deadline = std::chrono::steady_clock::now() + kLongestAnswer;
  std::string text;
  while (true) {
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

/// nullopt when no answer came, which may be otherwise the next time.
std::optional<std::string> AnswerOf(const std::string& python) {
  std::string answer;
  try {
    answer = OutputOf({python, "-c", kQuestion});
  } catch (const Error&) {
    return std::nullopt;
  }
  const std::size_t at = answer.rfind("\naft: ");
  if (at == std::string::npos) return std::nullopt;
  return answer.substr(at + 6);
}

std::optional<DbtAbility> Ask(const fs::path& dbt) {
  std::string python;
  try {
    python = PythonOf(dbt);
  } catch (const Error&) {
    return DbtAbility{false, "it is no Python program"};
  }
  const std::optional<std::string> answer = AnswerOf(python);
  if (!answer) return std::nullopt;
  const std::string& said = *answer;
  if (said.rfind("gate", 0) == 0) return DbtAbility{true, ""};
  std::string version = said.substr(said.find(' ') + 1);
  while (!version.empty() && (version.back() == '\n' || version.back() == ' '))
    version.pop_back();
  if (version.empty()) return DbtAbility{false, "it has no dbt-core in its Python"};
  return DbtAbility{false,
                    Text("dbt-core ", version, " has no plugins that hear of events")};
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
  if (changed == nullptr || *changed != ChangedAt(dbt) || gate == nullptr ||
      !gate->is_bool() || reason == nullptr || !reason->is_string())
    return std::nullopt;
  return DbtAbility{gate->as_bool(), std::string(reason->as_string())};
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

DbtAbility AskDbt(const fs::path& dbt, const fs::path& cache_file) {
  json::object cache = ReadCache(cache_file);
  if (const std::optional<DbtAbility> known = Known(cache, dbt)) return *known;
  const std::optional<DbtAbility> answer = Ask(dbt);
  if (!answer) return {false, "its Python does not answer"};
  DbtAbility ability = *answer;
  cache[dbt.native()] = {{"changed", ChangedAt(dbt)},
                         {"gate", ability.can_load_gate},
                         {"reason", ability.reason}};
  std::error_code ignored;
  if (cache_file.empty()) return ability;
  fs::create_directories(cache_file.parent_path(), ignored);
  try {
    WriteAtomically(cache_file, json::serialize(cache));
  } catch (const Error&) {
    // dbt is asked again the next time.
    return ability;
  }
  return ability;
}

}  // namespace aft
