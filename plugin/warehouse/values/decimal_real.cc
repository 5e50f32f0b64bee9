// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/decimal_real.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace aft {
namespace {

/// Every decimal of so many digits survives.
template <typename Real>
constexpr size_t kSafeDigits = std::numeric_limits<Real>::digits10;

/// The digits of a number without zeros at either end.
std::string SignificantDigits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == 'e' || c == 'E') break;
    if (c < '0' || c > '9' || (c == '0' && digits.empty())) continue;
    digits += c;
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

template <typename Real>
bool IsSame(std::string_view text, Real value) {
  if (!std::isfinite(value)) return text.find_first_of("0123456789") == std::string::npos;
  if (text.size() <= kSafeDigits<Real>) return true;
  const std::string digits = SignificantDigits(text);
  if (digits.size() <= kSafeDigits<Real>) return true;
  std::array<char, 40> shortest{};
  const auto [end, error] =
      std::to_chars(shortest.data(), shortest.data() + shortest.size(), value);
  return error == std::errc() &&
         SignificantDigits(
             {shortest.data(), static_cast<size_t>(end - shortest.data())}) == digits;
}

template <typename Real>
std::optional<RealOfDecimal> Parse(std::string_view text) {
  Real value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (stop != end || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too close to zero is rounded to it; too large is no double.
    const bool is_small = text.starts_with("0.") || text.starts_with("-0.");
    return is_small ? std::optional(RealOfDecimal{0, false}) : std::nullopt;
  }
  if (error != std::errc()) return std::nullopt;
  return RealOfDecimal{value, IsSame(text, value)};
}

}  // namespace

std::optional<RealOfDecimal> ParseDecimalAsReal(std::string_view text) {
  return Parse<double>(text);
}

std::optional<RealOfDecimal> ParseDecimalAsFloat(std::string_view text) {
  return Parse<float>(text);
}

}  // namespace aft
