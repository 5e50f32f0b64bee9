// SPDX-License-Identifier: Apache-2.0
// Plans and requests in words.
#include "host_shim/error.h"
#include "plugin/warehouse/write/write_plan.h"

namespace aft {

std::string ToText(const WritePlan& plan, const WriteStatements& statements) {
  std::string text;
  const auto add = [&text](const auto&... parts) { text += Text(parts..., "\n"); };
  for (const WriteStep& step : plan.before) add(step.statement);
  std::string columns;
  for (const std::string& name : plan.columns) {
    columns += (columns.empty() ? "" : ", ") + name;
  }
  add("load ", statements.names().Name(plan.load), ": ", columns);
  if (plan.counts_rows) add("count");
  for (const KeyCheck& check : plan.key_checks) add("none: ", check.query);
  for (const WriteStep& step : plan.publish) {
    add(step.places_rows ? "counted: " : "", step.statement);
  }
  add("commit");
  for (const FinalStep& step : plan.after) add(step.statement);
  return text;
}

std::string Describe(const WriteRequest& request) {
  const std::string relation = Describe(request.relation);
  switch (request.mode) {
    case WriteMode::kOverwrite:
      break;
    case WriteMode::kAppend:
      return "append to " + relation;
    case WriteMode::kUpsert:
      return "upsert into " + relation;
    case WriteMode::kDeleteInsert:
      return "delete and insert in " + relation;
  }
  return "write " + relation;
}

}  // namespace aft
