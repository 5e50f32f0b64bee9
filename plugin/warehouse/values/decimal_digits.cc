// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/decimal_digits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace aft {
namespace {

/// Adds one to the last of the digits.
void Increment(std::string& digits) {
  size_t at = digits.size();
  while (at > 0 && digits[at - 1] == '9') digits[--at] = '0';
  if (at > 0) {
    ++digits[at - 1];
  } else {
    digits.insert(0, "1");
  }
}

}  // namespace

DecimalDigits::DecimalDigits(Int128 value, int scale)
    : is_negative_(value < 0), scale_(scale) {
  // Digit by digit from the negative side, which also holds the lowest value.
  for (Int128 rest = is_negative_ ? value : -value; rest != 0; rest /= 10) {
    digits_ += static_cast<char>('0' - static_cast<int>(rest % 10));
  }
  std::reverse(digits_.begin(), digits_.end());
}

DecimalDigits DecimalDigits::Rounded(double value, int scale) {
  std::array<char, 40> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  // As "-1.25e-03".
  std::string_view text(buffer.data(), static_cast<size_t>(written.ptr - buffer.data()));
  DecimalDigits rounded;
  rounded.is_negative_ = text.front() == '-';
  const size_t mark = text.find('e');
  for (const char c : text.substr(0, mark)) {
    if (c >= '0' && c <= '9') rounded.digits_ += c;
  }
  text.remove_prefix(mark + (text[mark + 1] == '+' ? 2 : 1));
  int exponent = 0;
  std::from_chars(text.data(), text.data() + text.size(), exponent);
  rounded.scale_ = scale;
  const int kept = exponent + 1 + scale;
  std::string& digits = rounded.digits_;
  if (kept < 0) {
    digits.clear();
  } else if (static_cast<size_t>(kept) >= digits.size()) {
    digits.append(static_cast<size_t>(kept) - digits.size(), '0');
  } else {
    const bool is_up = digits[static_cast<size_t>(kept)] >= '5';
    digits.resize(static_cast<size_t>(kept));
    if (is_up) Increment(digits);
  }
  rounded.DropZeros();
  return rounded;
}

void DecimalDigits::DropZeros() {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
}

bool DecimalDigits::SetScale(int scale) {
  for (; scale_ > scale && !digits_.empty(); --scale_) {
    if (digits_.back() != '0') return false;
    digits_.pop_back();
  }
  if (!digits_.empty() && scale > scale_) {
    digits_.append(static_cast<size_t>(scale - scale_), '0');
  }
  scale_ = scale;
  return true;
}

std::string DecimalDigits::Text() const {
  std::string text = digits_;
  if (scale_ > 0) {
    const auto places = static_cast<size_t>(scale_);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    text.insert(text.size() - places, ".");
  } else if (!text.empty()) {
    text.append(static_cast<size_t>(-scale_), '0');
  }
  if (text.empty()) text = "0";
  return is_negative_ && !digits_.empty() ? "-" + text : text;
}

}  // namespace aft
