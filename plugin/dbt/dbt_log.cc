// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_log.h"

#include <boost/json.hpp>
#include <limits>

#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"

namespace aft {
namespace {

namespace json = boost::json;

/// A count; 0 for what is none.
int NumberAt(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const bool is_count = value != nullptr && value->is_int64() && value->as_int64() > 0 &&
                        value->as_int64() <= std::numeric_limits<int>::max();
  return is_count ? static_cast<int>(value->as_int64()) : 0;
}

void ReadData(const json::object& data, DbtLogLine& line) {
  line.text = StringAt(data, "msg");
  if (const json::object* node = ObjectAt(data, "node_info")) {
    line.node = StringAt(*node, "unique_id");
    line.status = StringAt(*node, "node_status");
  }
  line.index = NumberAt(data, "index");
  // LogTestResult has a name of its own for the same number.
  line.total =
      data.contains("total") ? NumberAt(data, "total") : NumberAt(data, "num_models");
  line.counts_partial = data.contains("num_partial_success");
  if (const json::object* stats = ObjectAt(data, "stats"))
    line.counts_noops = stats->contains("noop");
}

}  // namespace

std::optional<DbtLogLine> ParseDbtLogLine(std::string_view text) {
  const json::value value = ParseJsonOrNull(text);
  if (!value.is_object()) return std::nullopt;
  const json::object* info = ObjectAt(value.as_object(), "info");
  if (info == nullptr) return std::nullopt;
  DbtLogLine line;
  line.name = StringAt(*info, "name");
  line.level = StringAt(*info, "level");
  line.message = StringAt(*info, "msg");
  line.time = StringAt(*info, "ts");
  line.invocation_id = StringAt(*info, "invocation_id");
  if (const json::object* data = ObjectAt(value.as_object(), "data"))
    ReadData(*data, line);
  // "Log…Result", for a model, seed, snapshot, test, …
  // A batch has the unique id of its model, which goes on.
  if (line.name == "LogBatchResult" || line.name.rfind("Log", 0) != 0 ||
      line.name.find("Result") == std::string::npos)
    line.status.clear();
  return line;
}

std::string ListedNode(std::string_view line) {
  json::value value = ParseJsonOrNull(line);
  const std::optional<DbtLogLine> event = ParseDbtLogLine(line);
  if (event) value = ParseJsonOrNull(event->text.empty() ? event->message : event->text);
  return value.is_object() ? StringAt(value.as_object(), "unique_id") : "";
}

}  // namespace aft
