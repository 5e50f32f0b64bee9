// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_event.h"

#include <boost/json.hpp>
#include <initializer_list>
#include <map>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/recorded_arguments.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr std::int64_t kGateProtocol = 1;

std::int64_t IntegerAt(const json::value& value,
                       std::initializer_list<std::string_view> path,
                       std::int64_t otherwise) {
  const json::value* found = ValueAt(value, path);
  return found != nullptr && found->is_int64() ? found->as_int64() : otherwise;
}

bool BooleanAt(const json::value& value, std::initializer_list<std::string_view> path,
               bool otherwise) {
  const json::value* found = ValueAt(value, path);
  return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

json::value Parse(std::string_view line) {
  std::string reason = "it is not a JSON object";
  try {
    json::value value = ParseJson(line);
    if (value.is_object()) return value;
  } catch (const Error& error) {
    reason = error.what();
  }
  throw Error(Text("cannot read a message from dbt: ", reason));
}

DbtEvent::Kind KindOf(const std::string& name) {
  using Kind = DbtEvent::Kind;
  static const std::map<std::string, Kind> kKinds = {
      {"ArtifactWritten", Kind::kManifestWritten},
      {"ConcurrencyLine", Kind::kRunBegins},
      {"NodeStart", Kind::kNodeStarting},
      {"NodeCompiling", Kind::kNodeCompiling},
      {"NodeExecuting", Kind::kNodeExecuting},
      {"LogModelResult", Kind::kNodeResult},
      {"LogSeedResult", Kind::kNodeResult},
      {"LogSnapshotResult", Kind::kNodeResult},
      {"LogFreshnessResult", Kind::kNodeResult},
      {"NodeFinished", Kind::kNodeFinished},
      {"StatsLine", Kind::kRunSummary},
      {"FreshnessCheckComplete", Kind::kRunSummary},
  };
  const auto found = kKinds.find(name);
  return found == kKinds.end() ? Kind::kOther : found->second;
}

}  // namespace

DbtEvent ParseDbtEvent(std::string_view line) {
  const json::value value = Parse(line);
  DbtEvent event;
  event.kind = KindOf(StringAt(value, {"info", "name"}));
  event.node = StringAt(value, {"data", "node_info", "unique_id"});
  event.status = event.kind == DbtEvent::Kind::kNodeFinished
                     ? StringAt(value, {"data", "run_result", "status"})
                     : StringAt(value, {"data", "node_info", "node_status"});
  if (const json::value* response = ValueAt(value, {"adapter_response"});
      response != nullptr && response->is_object() && !response->as_object().empty())
    event.adapter_response = json::serialize(*response);
  if (const json::value* selected = ValueAt(value, {"selected"});
      selected != nullptr && selected->is_array()) {
    event.selected.emplace();
    for (const json::value& node : selected->as_array())
      if (node.is_string()) event.selected->emplace_back(node.as_string());
  }
  if (const json::value* bound = ValueAt(value, {"bound"});
      bound != nullptr && bound->is_array())
    event.binds_scripts = !bound->as_array().empty();
  event.path = StringAt(value, {"data", "artifact_path"});
  if (event.kind == DbtEvent::Kind::kManifestWritten &&
      StringAt(value, {"data", "artifact_type"}) != "WritableManifest")
    event.kind = DbtEvent::Kind::kOther;
  for (const std::string_view name : {"fal", "aft"})
    if (ValueAt(value, {"data", "node_info", "meta", name}) != nullptr)
      event.binds_scripts = true;
  return event;
}

std::optional<GateHello> ParseGateHello(std::string_view line) {
  const json::value value = Parse(line);
  const json::value* said = ValueAt(value, {"hello"});
  if (said == nullptr) return std::nullopt;
  if (IntegerAt(*said, {"protocol"}, 0) != kGateProtocol)
    throw Error(
        "cannot talk to the gate inside dbt: it is of another version of aft; see that "
        "PYTHONPATH names no folder of an older installation");
  GateHello hello;
  DbtInvocation& invocation = hello.invocation;
  invocation.python = StringAt(*said, {"python"});
  invocation.dbt_version = StringAt(*said, {"dbt_version"});
  invocation.id = StringAt(*said, {"invocation_id"});
  const json::value* flags = ValueAt(*said, {"flags"});
  if (flags == nullptr) return hello;
  hello.has_flags = true;
  invocation.command = StringAt(*flags, {"which"});
  invocation.project_folder = StringAt(*flags, {"project_dir"});
  invocation.profiles_folder = StringAt(*flags, {"profiles_dir"});
  invocation.profile = StringAt(*flags, {"profile"});
  invocation.target = StringAt(*flags, {"target"});
  invocation.target_folder = StringAt(*flags, {"target_path"});
  invocation.state_folder = StringAt(*flags, {"state"});
  const json::value* variables = ValueAt(*flags, {"vars"});
  invocation.variables =
      variables != nullptr && variables->is_object() ? json::serialize(*variables) : "{}";
  invocation.arguments = json::serialize(ArgumentsToKeep(*flags));
  invocation.threads = static_cast<int>(IntegerAt(*flags, {"threads"}, 0));
  invocation.printer_width = static_cast<int>(IntegerAt(*flags, {"printer_width"}, 80));
  invocation.log_format = StringAt(*flags, {"log_format"});
  invocation.least_level =
      LeastLevel(StringAt(*flags, {"log_level"}), BooleanAt(*flags, {"quiet"}, false),
                 BooleanAt(*flags, {"debug"}, false));
  invocation.use_colors = BooleanAt(*flags, {"use_colors"}, false);
  invocation.fails_fast = BooleanAt(*flags, {"fail_fast"}, false);
  invocation.fails_on_warning = BooleanAt(*flags, {"warn_error"}, false);
  invocation.is_empty = BooleanAt(*flags, {"empty"}, false);
  invocation.sample_start = StringAt(*flags, {"sample", "start"});
  invocation.sample_end = StringAt(*flags, {"sample", "end"});
  invocation.writes_json = BooleanAt(*flags, {"write_json"}, true);
  return hello;
}

}  // namespace aft
