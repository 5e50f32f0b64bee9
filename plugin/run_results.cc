// SPDX-License-Identifier: Apache-2.0
#include "plugin/run_results.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

namespace aft {
namespace {

namespace json = boost::json;

const json::value* At(const json::value& value, std::string_view key) {
  return value.is_object() ? value.as_object().if_contains(key) : nullptr;
}

}  // namespace

std::vector<std::string> SucceededNodes(const std::filesystem::path& path) {
  std::vector<std::string> nodes;
  std::ifstream file(path, std::ios::binary);
  boost::system::error_code code;
  const json::value document =
      json::parse(std::string(std::istreambuf_iterator<char>(file), {}), code);
  const json::value* results = code ? nullptr : At(document, "results");
  if (results == nullptr || !results->is_array()) return nodes;
  for (const json::value& result : results->as_array()) {
    const json::value* id = At(result, "unique_id");
    const json::value* status = At(result, "status");
    if (id != nullptr && id->is_string() && status != nullptr && *status == "success")
      nodes.emplace_back(id->as_string());
  }
  return nodes;
}

}  // namespace aft
