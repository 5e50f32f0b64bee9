// SPDX-License-Identifier: Apache-2.0
// Which types of Arrow a frame's column may have.
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "host_shim/error.h"
#include "plugin/warehouse/arrow/arrow_column.h"

namespace aft {
namespace {

constexpr int kUuidBytes = 16;

/// The name of an extension type, from the binary form of a schema's metadata: how many
/// pairs there are, and each with the lengths of its texts, all in native integers.
std::string_view ExtensionName(const ArrowSchema& schema) {
  const char* at = schema.metadata;
  if (at == nullptr) return "";
  const auto number = [&at] {
    int32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  const auto text = [&] {
    const auto size = static_cast<size_t>(number());
    const std::string_view value(at, size);
    at += size;
    return value;
  };
  for (int32_t left = number(); left > 0; --left) {
    const std::string_view key = text();
    const std::string_view value = text();
    if (key == "ARROW:extension:name") return value;
  }
  return "";
}

// Of decimals: a bound for the text that one takes.
constexpr int kLargestScale = 1000;

int UnitDigits(char letter) {
  switch (letter) {
    case 's':
      return 0;
    case 'm':
      return 3;
    case 'u':
      return 6;
    default:
      return 9;
  }
}

std::vector<int> SplitNumbers(std::string_view text) {
  std::vector<int> numbers;
  while (!text.empty()) {
    int number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return {};
    numbers.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return numbers;
}

}  // namespace

ArrowColumn::ArrowColumn(const ArrowSchema& schema, const std::string& doing)
    : ArrowColumn(schema, doing, schema.name == nullptr ? "" : schema.name) {}

ArrowColumn::ArrowColumn(const ArrowSchema& schema, const std::string& doing,
                         std::string name)
    : doing_(doing),
      name_(std::move(name)),
      format_(schema.format == nullptr ? "" : schema.format) {
  if (format_.starts_with("+")) {
    ParseList(schema);
  } else {
    ParseFormat(format_);
    ParseExtension(schema);
  }
  if (schema.dictionary == nullptr) return;
  if (type_.kind != Kind::kInteger) RefuseType("a dictionary without integer indices");
  dictionary_ = std::make_unique<ArrowColumn>(*schema.dictionary, doing, name_);
  if (dictionary_->type_.kind == Kind::kList) RefuseType("a dictionary of lists");
}

void ArrowColumn::RefuseType(std::string_view what) const {
  throw Error(Text("cannot ", doing_, ": column '", name_, "' holds ", what,
                   ", which no column of a table holds; turn it into text or numbers"));
}

void ArrowColumn::SetFixed(Kind kind, int width) {
  type_.kind = kind;
  layout_ = Layout::kFixed;
  width_ = width;
}

void ArrowColumn::ParseFormat(std::string_view format) {
  if (format.starts_with("d:")) return ParseDecimal(format.substr(2));
  if (format.starts_with("t")) return ParseTemporal(format);
  if (format.starts_with("w:")) {
    const std::vector<int> width = SplitNumbers(format.substr(2));
    if (width.size() != 1 || width[0] < 0) RefuseType("bytes of an unknown width");
    type_.width = width[0];
    return SetFixed(Kind::kBinary, width[0]);
  }
  static constexpr std::string_view kIntegers = "cCsSiIlL";
  const size_t integer =
      format.size() == 1 ? kIntegers.find(format[0]) : std::string::npos;
  if (integer != std::string::npos) {
    const int width = 1 << (integer / 2);
    type_.bits = width * 8;
    type_.is_unsigned = integer % 2 == 1;
    return SetFixed(Kind::kInteger, width);
  }
  if (format == "n") return;
  if (format == "b") {
    type_.kind = Kind::kBoolean;
    layout_ = Layout::kBit;
  } else if (format == "e" || format == "f" || format == "g") {
    SetFixed(Kind::kReal, format == "e" ? 2 : format == "f" ? 4 : 8);
  } else if (format == "u" || format == "U" || format == "vu") {
    type_.kind = Kind::kText;
    layout_ = format == "u"   ? Layout::kOffsets32
              : format == "U" ? Layout::kOffsets64
                              : Layout::kViews;
  } else if (format == "z" || format == "Z" || format == "vz") {
    type_.kind = Kind::kBinary;
    layout_ = format == "z"   ? Layout::kOffsets32
              : format == "Z" ? Layout::kOffsets64
                              : Layout::kViews;
  } else {
    RefuseType(Text("values of Arrow format '", format, "'"));
  }
}

void ArrowColumn::ParseList(const ArrowSchema& schema) {
  const std::string_view format = format_;
  if (format == "+l" || format == "+L") {
    layout_ = format == "+l" ? Layout::kList32 : Layout::kList64;
  } else if (format.starts_with("+w:")) {
    const std::vector<int> width = SplitNumbers(format.substr(3));
    if (width.size() != 1 || width[0] < 0) RefuseType("lists of an unknown length");
    layout_ = Layout::kFixedList;
    width_ = width[0];
  } else {
    RefuseType(format == "+s"   ? "structs"
               : format == "+m" ? "maps"
                                : Text("values of Arrow format '", format, "'"));
  }
  if (schema.n_children != 1) RefuseLayout("it has no elements");
  element_ = std::make_unique<ArrowColumn>(*schema.children[0], doing_, name_);
  type_.kind = Kind::kList;
  type_.element = {element_->type()};
}

void ArrowColumn::ParseExtension(const ArrowSchema& schema) {
  const std::string_view extension = ExtensionName(schema);
  if (extension == "arrow.json" && type_.kind == Kind::kText) type_.kind = Kind::kJson;
  if (extension == "arrow.uuid" && type_.width == kUuidBytes) type_.kind = Kind::kUuid;
}

void ArrowColumn::ParseDecimal(std::string_view parameters) {
  const std::vector<int> numbers = SplitNumbers(parameters);
  const int bits = numbers.size() == 3 ? numbers[2] : 128;
  if (numbers.size() < 2 || (bits != 32 && bits != 64 && bits != 128)) {
    RefuseType("decimals of more than 38 digits");
  }
  if (std::abs(numbers[1]) > kLargestScale) {
    RefuseType("decimals with a scale of more than 1,000 digits");
  }
  type_.precision = numbers[0];
  type_.scale = numbers[1];
  SetFixed(Kind::kDecimal, bits / 8);
}

void ArrowColumn::ParseTemporal(std::string_view format) {
  if (format == "tdD") return SetFixed(Kind::kDate, 4);
  if (format == "tdm") return SetFixed(Kind::kDate, 8);
  if (format.size() == 3 && format.starts_with("tt")) {
    type_.digits = UnitDigits(format[2]);
    return SetFixed(Kind::kTime, type_.digits <= 3 ? 4 : 8);
  }
  if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') {
    type_.digits = UnitDigits(format[2]);
    type_.has_zone = format.size() > 4;
    return SetFixed(Kind::kTimestamp, 8);
  }
  RefuseType("durations or intervals");
}

}  // namespace aft
