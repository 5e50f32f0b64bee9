// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/json_lookup.h"

#include <boost/json.hpp>

namespace aft {

namespace json = boost::json;

namespace {

std::string Text(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

}  // namespace

const json::object* ObjectAt(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string StringAt(const json::object& object, std::string_view key) {
  return Text(object.if_contains(key));
}

const json::value* ValueAt(const json::value& value, JsonPath path) {
  const json::value* found = &value;
  for (const std::string_view key : path) {
    if (found == nullptr || !found->is_object()) return nullptr;
    found = found->as_object().if_contains(key);
  }
  return found;
}

std::string StringAt(const json::value& value, JsonPath path) {
  return Text(ValueAt(value, path));
}

}  // namespace aft
