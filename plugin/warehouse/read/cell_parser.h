// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "plugin/warehouse/values/value_text.h"
#include "plugin/warehouse/values/value_type.h"

/// How the text of a cell becomes a value, for each kind of value. A parser gives nothing
/// for a cell that is no such value. A tagged cell has one letter in front that says what
/// the value is: i, r, t, b, or h for a text in hexadecimal digits. Integers in a column
/// of integers or booleans have none.
namespace aft {

struct IntegerParser {
  using Value = int64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseInteger(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    return ParseInteger(cell.front() == 'i' ? cell.substr(1) : cell);
  }
};

struct UnsignedParser {
  using Value = uint64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseUnsigned(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    return cell.front() == 'i' ? ParseUnsigned(cell.substr(1)) : std::nullopt;
  }
};

struct RealParser {
  using Value = double;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseReal(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    if (cell.front() == 'r') return ParseReal(cell.substr(1));
    if (cell.front() != 'i') return std::nullopt;
    const std::optional<int64_t> integer = ParseInteger(cell.substr(1));
    if (!integer) return std::nullopt;
    const auto real = static_cast<double>(*integer);
    // 2^63 is a double but no int64_t, so it must not be cast back.
    const bool is_exact = real < 0x1p63 && static_cast<int64_t>(real) == *integer;
    return is_exact ? std::optional(real) : std::nullopt;
  }
};

struct BooleanParser {
  using Value = bool;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    if (text != "0" && text != "1") return std::nullopt;
    return text == "1";
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    return FromText(cell.front() == 'i' ? cell.substr(1) : cell, type);
  }
};

struct DecimalParser {
  using Value = Int128;
  static std::optional<Value> FromText(std::string_view text, const ValueType& type) {
    return ParseDecimal(text, type.precision, type.scale);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    return FromText(cell.substr(1), type);
  }
};

struct DateParser {
  using Value = int32_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType&) {
    return ParseDate(text);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType&) {
    return cell.front() == 't' ? ParseDate(cell.substr(1)) : std::nullopt;
  }
};

struct TimeParser {
  using Value = int64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType& type) {
    return ParseTime(text, type.digits);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    return cell.front() == 't' ? FromText(cell.substr(1), type) : std::nullopt;
  }
};

struct TimestampParser {
  using Value = int64_t;
  static std::optional<Value> FromText(std::string_view text, const ValueType& type) {
    const std::optional<Value> parsed = ParseTimestamp(text, type.digits, type.has_zone);
    if (parsed || !type.has_zone) return parsed;
    // A driver leaves the zone of an instant out; the session's is UTC then. PostgreSQL
    // itself gives hours alone.
    if (text.ends_with("+00")) text.remove_suffix(3);
    return ParseTimestamp(text, type.digits, /*has_zone=*/false);
  }
  static std::optional<Value> FromTagged(std::string_view cell, const ValueType& type) {
    if (cell.front() != 't') return std::nullopt;
    return ParseTimestamp(cell.substr(1), type.digits, type.has_zone);
  }
};

}  // namespace aft
