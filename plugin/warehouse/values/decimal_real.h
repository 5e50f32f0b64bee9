// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace aft {

/// A decimal as a double, and whether the double, printed with as few digits as name it,
/// is the same decimal.
struct RealOfDecimal {
  double value = 0;
  bool is_same = true;

  friend bool operator==(const RealOfDecimal&, const RealOfDecimal&) = default;
};

/// Also "NaN", "Infinity" and "-Infinity", as PostgreSQL writes them.
std::optional<RealOfDecimal> ParseDecimalAsReal(std::string_view text);
/// The same of a float, which has fewer digits.
std::optional<RealOfDecimal> ParseDecimalAsFloat(std::string_view text);

}  // namespace aft
