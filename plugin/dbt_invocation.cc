// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt_invocation.h"

#include <boost/json.hpp>

namespace aft {

namespace json = boost::json;

std::string CommandLineVariable(const DbtInvocation& invocation, std::string_view name) {
  const json::value variables = json::parse(invocation.variables);
  const json::value* value = variables.as_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::map<std::string, std::string> CommandLineSettings(const DbtInvocation& invocation) {
  std::map<std::string, std::string> settings;
  const json::value variables = json::parse(invocation.variables);
  const json::value* own = variables.as_object().if_contains("aft");
  if (own == nullptr || !own->is_object()) return settings;
  for (const auto& [key, value] : own->as_object())
    settings[key] =
        value.is_string() ? std::string(value.as_string()) : json::serialize(value);
  return settings;
}

}  // namespace aft
