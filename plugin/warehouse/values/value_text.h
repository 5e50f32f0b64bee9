// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Values as text and back, exactly: numbers, decimals, dates and times. Reading
/// accepts the whole text or nothing.
namespace aft {

__extension__ typedef __int128 Int128;

std::optional<int64_t> ParseInteger(std::string_view text);
std::optional<uint64_t> ParseUnsigned(std::string_view text);
/// Also "Inf" and "-Inf".
std::optional<double> ParseReal(std::string_view text);
/// The shortest text that ParseReal() turns into the same double.
std::string FormatReal(double value);

/// `value` counts units of 10 to the power of -`scale`.
std::string FormatDecimal(Int128 value, int scale);
/// Nothing where the text needs more digits than `precision` and `scale` allow.
std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale);

/// Dates are days since 1970-01-01 in the Gregorian calendar, years 1 to 9999.
std::optional<int32_t> ParseDate(std::string_view text);
std::optional<std::string> FormatDate(int64_t days);

/// Times of day and timestamps count units of 10 to the power of -`digits` seconds.
/// A timestamp with `has_zone` is in UTC and written with its offset.
std::optional<int64_t> ParseTime(std::string_view text, int digits);
std::optional<std::string> FormatTime(int64_t units, int digits);
std::optional<int64_t> ParseTimestamp(std::string_view text, int digits, bool has_zone);
std::optional<std::string> FormatTimestamp(int64_t units, int digits, bool has_zone);

std::optional<std::string> ParseHex(std::string_view text);
/// Two digits for each byte.
std::string FormatHex(std::string_view bytes);
/// The usual text of a UUID of 16 bytes.
std::string FormatUuid(std::string_view bytes);

}  // namespace aft
