// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/yaml_json.h"

#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>

namespace aft {
namespace {

namespace json = boost::json;

constexpr int kDeepest = 64;

json::value ScalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);
  // yaml-cpp takes "y" and "n" for flags, "1e3" and ".inf" for numbers; PyYAML, or JSON,
  // does not.
  if (bool flag = false; text.size() > 1 && YAML::convert<bool>::decode(node, flag))
    return flag;
  if (std::int64_t number = 0; YAML::convert<std::int64_t>::decode(node, number))
    return number;
  const bool has_point = text.find('.') != std::string::npos;
  if (double number = 0;
      has_point && YAML::convert<double>::decode(node, number) && std::isfinite(number))
    return number;
  return json::value(text);
}

json::value ValueOf(const YAML::Node& node, int depth) {
  if (depth > kDeepest) throw YAML::Exception(node.Mark(), "they are nested too deep");
  if (node.IsScalar()) return ScalarOf(node);
  if (node.IsSequence()) {
    json::array list;
    for (const YAML::Node& entry : node) list.push_back(ValueOf(entry, depth + 1));
    return list;
  }
  if (!node.IsMap()) return nullptr;
  json::object object;
  for (const auto& entry : node)
    object[entry.first.Scalar()] = ValueOf(entry.second, depth + 1);
  return object;
}

}  // namespace

json::value JsonOf(const YAML::Node& node) { return ValueOf(node, 0); }

}  // namespace aft
