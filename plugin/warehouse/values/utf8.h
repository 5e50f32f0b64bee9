// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aft {

[[nodiscard]] bool IsUtf8(std::string_view bytes);
/// Native-endian UTF-16 to UTF-8; nothing where a surrogate lacks its partner.
std::optional<std::string> FromUtf16(std::string_view bytes);

}  // namespace aft
