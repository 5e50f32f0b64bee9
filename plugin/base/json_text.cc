// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/json_text.h"

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// The largest manifests there are have a third of this. What they hold takes a multiple.
constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30U;
constexpr std::size_t kChunk = std::size_t{1} << 20U;

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = kDeepestJson;
  return options;
}

}  // namespace

json::value ParseJson(std::string_view text) {
  boost::system::error_code code;
  json::value value = json::parse(text, code, {}, Options());
  if (code) throw Error(code.message());
  return value;
}

json::value ParseJsonOrNull(std::string_view text) {
  boost::system::error_code code;
  const json::value value = json::parse(text, code, {}, Options());
  return code ? json::value() : value;
}

std::string AsWritten(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(*text);
  if (!value.is_double()) return json::serialize(value);
  std::array<char, 32> digits{};
  char* const end = digits.data() + digits.size();
  auto written =
      std::to_chars(digits.data(), end, value.as_double(), std::chars_format::fixed);
  if (written.ec != std::errc())
    written = std::to_chars(digits.data(), end, value.as_double());
  return {digits.data(), written.ptr};
}

json::value ReadJsonFile(const fs::path& path) {
  std::error_code unknown;
  if (fs::file_size(path, unknown) > kLargestFile && !unknown)
    throw Error("it has more than 1 GiB");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(std::strerror(errno));
  json::stream_parser parser({}, Options());
  boost::system::error_code code;
  std::vector<char> bytes(kChunk);
  while (!code && file.read(bytes.data(), kChunk).gcount() > 0)
    parser.write(bytes.data(), static_cast<std::size_t>(file.gcount()), code);
  if (!code) parser.finish(code);
  if (code) throw Error(code.message());
  return parser.release();
}

json::value ReadJsonFileOrNull(const fs::path& path) {
  try {
    return ReadJsonFile(path);
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace aft
