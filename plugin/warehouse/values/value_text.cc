// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/value_text.h"

#include <array>
#include <charconv>
#include <limits>

#include "plugin/warehouse/values/calendar.h"
#include "plugin/warehouse/values/decimal_digits.h"

namespace aft {
namespace {

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Reads its text from left to right. What doesn't fit makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  int64_t Digits(size_t count) {
    if (rest_.size() < count) return Fail();
    int64_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!IsDigit(rest_[i])) return Fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  void Expect(char c) {
    if (!Accept(c)) Fail();
  }
  bool Accept(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// ".25" in units of 10 to the power of -`digits`; 0 where there is none. Fails on
  /// digits that the unit can't hold.
  int64_t Fraction(int digits) {
    if (!Accept('.')) return 0;
    if (rest_.empty() || !IsDigit(rest_.front())) return Fail();
    int64_t value = 0;
    for (; !rest_.empty() && IsDigit(rest_.front()); rest_.remove_prefix(1)) {
      if (digits == 0) {
        if (rest_.front() != '0') return Fail();
        continue;
      }
      value = value * 10 + (rest_.front() - '0');
      --digits;
    }
    for (; digits > 0; --digits) value *= 10;
    return value;
  }
  [[nodiscard]] bool IsEmpty() const { return rest_.empty(); }
  [[nodiscard]] bool HasFailed() const { return has_failed_; }
  [[nodiscard]] bool IsDone() const { return !has_failed_ && rest_.empty(); }
  int64_t Fail() {
    has_failed_ = true;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  bool has_failed_ = false;
};

int64_t UnitsPerSecond(int digits) {
  int64_t units = 1;
  for (; digits > 0; --digits) units *= 10;
  return units;
}

constexpr int64_t kSecondsPerDay = 86400;

bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int64_t DaysInMonth(int64_t year, int64_t month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30,
                                                31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[static_cast<size_t>(month - 1)];
}

int64_t DaysBeforeYear(int64_t year) {
  const int64_t past = year - 1;
  return past * 365 + past / 4 - past / 100 + past / 400;
}

// Days from 0001-01-01 to 1970-01-01 and to 10000-01-01.
constexpr int64_t kDaysToEpoch = 719162;
constexpr int64_t kDaysInAll = 3652059;

int64_t ScanDate(Scanner& scanner) {
  const int64_t year = scanner.Digits(4);
  scanner.Expect('-');
  const int64_t month = scanner.Digits(2);
  scanner.Expect('-');
  const int64_t day = scanner.Digits(2);
  if (scanner.HasFailed()) return 0;
  const std::optional<int32_t> days = DaysSinceEpoch(year, month, day);
  return days ? *days : scanner.Fail();
}

int64_t ScanTime(Scanner& scanner, int digits) {
  const int64_t hour = scanner.Digits(2);
  scanner.Expect(':');
  const int64_t minute = scanner.Digits(2);
  int64_t second = 0;
  int64_t fraction = 0;
  if (scanner.Accept(':')) {
    second = scanner.Digits(2);
    fraction = scanner.Fraction(digits);
  }
  if (hour > 23 || minute > 59 || second > 59) return scanner.Fail();
  return ((hour * 60 + minute) * 60 + second) * UnitsPerSecond(digits) + fraction;
}

/// Seconds east of Greenwich.
int64_t ScanOffset(Scanner& scanner) {
  if (scanner.Accept('Z')) return 0;
  const bool is_west = scanner.Accept('-');
  if (!is_west) scanner.Expect('+');
  const int64_t hours = scanner.Digits(2);
  scanner.Expect(':');
  const int64_t minutes = scanner.Digits(2);
  if (hours > 23 || minutes > 59) return scanner.Fail();
  const int64_t seconds = (hours * 60 + minutes) * 60;
  return is_west ? -seconds : seconds;
}

void AppendPadded(std::string& text, int64_t value, size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) text.append(width - digits.size(), '0');
  text += digits;
}

struct FloorDivision {
  int64_t quotient;
  int64_t remainder;
};

FloorDivision DivideFloor(int64_t value, int64_t divisor) {
  FloorDivision result{value / divisor, value % divisor};
  if (result.remainder < 0) {
    result.remainder += divisor;
    --result.quotient;
  }
  return result;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  return ParseNumber<int64_t>(text);
}

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  return ParseNumber<uint64_t>(text);
}

std::optional<double> ParseReal(std::string_view text) {
  if (text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  return ParseNumber<double>(text);
}

std::string FormatReal(double value) {
  std::array<char, 40> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), result.ptr};
}

std::string FormatDecimal(Int128 value, int scale) {
  return DecimalDigits(value, scale).Text();
}

std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  Int128 value = 0;
  int digits = 0;
  int places = -1;
  bool has_digit = false;
  for (const char c : text) {
    if (c == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (!IsDigit(c)) return std::nullopt;
    has_digit = true;
    if (places == scale && c == '0') continue;
    if (places == scale || (value != 0 && digits == precision)) return std::nullopt;
    value = value * 10 + (c - '0');
    if (value != 0) ++digits;
    if (places >= 0) ++places;
  }
  if (!has_digit) return std::nullopt;
  for (places = places < 0 ? 0 : places; places < scale; ++places) {
    if (value != 0 && ++digits > precision) return std::nullopt;
    value *= 10;
  }
  return is_negative ? -value : value;
}

std::optional<int32_t> ParseDate(std::string_view text) {
  Scanner scanner(text);
  const int64_t days = ScanDate(scanner);
  if (!scanner.IsDone()) return std::nullopt;
  return static_cast<int32_t>(days);
}

std::optional<std::string> FormatDate(int64_t days) {
  if (days < -kDaysToEpoch || days >= kDaysInAll - kDaysToEpoch) return std::nullopt;
  int64_t rest = days + kDaysToEpoch;
  int64_t year = rest / 366 + 1;
  while (DaysBeforeYear(year + 1) <= rest) ++year;
  rest -= DaysBeforeYear(year);
  int64_t month = 1;
  for (; rest >= DaysInMonth(year, month); ++month) rest -= DaysInMonth(year, month);
  std::string text;
  AppendPadded(text, year, 4);
  text += '-';
  AppendPadded(text, month, 2);
  text += '-';
  AppendPadded(text, rest + 1, 2);
  return text;
}

std::optional<int64_t> ParseTime(std::string_view text, int digits) {
  Scanner scanner(text);
  const int64_t units = ScanTime(scanner, digits);
  if (!scanner.IsDone()) return std::nullopt;
  return units;
}

std::optional<std::string> FormatTime(int64_t units, int digits) {
  const int64_t per_second = UnitsPerSecond(digits);
  if (units < 0 || units / per_second >= kSecondsPerDay) return std::nullopt;
  const int64_t seconds = units / per_second;
  std::string text;
  AppendPadded(text, seconds / 3600, 2);
  text += ':';
  AppendPadded(text, seconds / 60 % 60, 2);
  text += ':';
  AppendPadded(text, seconds % 60, 2);
  if (units % per_second != 0) {
    text += '.';
    AppendPadded(text, units % per_second, static_cast<size_t>(digits));
  }
  return text;
}

std::optional<int64_t> ParseTimestamp(std::string_view text, int digits, bool has_zone) {
  Scanner scanner(text);
  const int64_t days = ScanDate(scanner);
  int64_t units = 0;
  int64_t offset = 0;
  if (!scanner.IsEmpty() || has_zone) {
    if (!scanner.Accept(' ')) scanner.Expect('T');
    units = ScanTime(scanner, digits);
    if (has_zone) offset = ScanOffset(scanner);
  }
  if (!scanner.IsDone()) return std::nullopt;
  const Int128 seconds = Int128{days} * kSecondsPerDay - offset;
  const Int128 value = seconds * UnitsPerSecond(digits) + units;
  if (value < std::numeric_limits<int64_t>::min() ||
      value > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

std::optional<std::string> FormatTimestamp(int64_t units, int digits, bool has_zone) {
  const auto [days, rest] = DivideFloor(units, kSecondsPerDay * UnitsPerSecond(digits));
  const std::optional<std::string> date = FormatDate(days);
  const std::optional<std::string> time = FormatTime(rest, digits);
  if (!date || !time) return std::nullopt;
  return *date + " " + *time + (has_zone ? "+00:00" : "");
}

std::string FormatHex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text;
}

std::string FormatUuid(std::string_view bytes) {
  std::string text = FormatHex(bytes);
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

std::optional<std::string> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes(text.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned char value = 0;
    const char* const from = text.data() + 2 * i;
    if (std::from_chars(from, from + 2, value, 16).ptr != from + 2) return std::nullopt;
    bytes[i] = static_cast<char>(value);
  }
  return bytes;
}

}  // namespace aft
