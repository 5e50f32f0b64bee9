// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace aft {

/// As deep as Python, which writes what is read here, can nest values.
constexpr std::size_t kDeepestJson = 1000;

/// The value that `text` holds. Throws Error that says what is wrong with it.
[[nodiscard]] boost::json::value ParseJson(std::string_view text);

/// The same; null where it holds none.
[[nodiscard]] boost::json::value ParseJsonOrNull(std::string_view text);

/// A scalar as people write it in YAML: 1.5 and text. A list or mapping as JSON.
[[nodiscard]] std::string AsWritten(const boost::json::value& value);

/// The value that a file holds, which is not in memory as text. Throws Error that says
/// what is wrong with it, without the file's name.
[[nodiscard]] boost::json::value ReadJsonFile(const std::filesystem::path& path);

/// The same; null where the file is missing or holds none.
[[nodiscard]] boost::json::value ReadJsonFileOrNull(const std::filesystem::path& path);

}  // namespace aft
