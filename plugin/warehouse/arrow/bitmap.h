// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace aft {

/// One bit a value, and how many of them are off.
class Bitmap {
 public:
  void Append(bool bit) {
    if (length_ % 8 == 0) bytes_.push_back(0);
    if (bit) {
      bytes_.back() = static_cast<uint8_t>(bytes_.back() | 1U << (length_ % 8));
    } else {
      ++zeros_;
    }
    ++length_;
  }
  [[nodiscard]] int64_t length() const { return length_; }
  [[nodiscard]] int64_t zeros() const { return zeros_; }
  std::vector<uint8_t> Take() {
    length_ = 0;
    zeros_ = 0;
    return std::exchange(bytes_, {});
  }

 private:
  std::vector<uint8_t> bytes_;
  int64_t length_ = 0;
  int64_t zeros_ = 0;
};

}  // namespace aft
