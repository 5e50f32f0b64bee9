// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/values/value_text.h"

namespace aft {

/// A decimal by its digits, for those that are too long to compute with.
class DecimalDigits {
 public:
  /// `value` counts units of 10 to the power of -`scale`.
  DecimalDigits(Int128 value, int scale);
  /// A finite double, rounded to `scale` digits behind the point as databases do it: from
  /// the shortest decimal that names it, and a five away from zero.
  static DecimalDigits Rounded(double value, int scale);

  /// Gives it `scale` digits behind the point; false where others than zeros would be
  /// lost.
  [[nodiscard]] bool SetScale(int scale);
  /// Its digits in all, without zeros in front of them.
  [[nodiscard]] int count() const { return static_cast<int>(digits_.size()); }
  [[nodiscard]] std::string Text() const;

 private:
  DecimalDigits() = default;
  void DropZeros();

  bool is_negative_ = false;
  std::string digits_;
  int scale_ = 0;
};

}  // namespace aft
