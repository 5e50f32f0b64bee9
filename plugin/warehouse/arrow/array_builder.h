// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow/arrow_c.h"
#include "plugin/warehouse/arrow/bitmap.h"

/// Arrow arrays built value by value. Finish() gives the array and starts the next.
namespace aft {

template <typename T>
class FixedBuilder {
 public:
  void Append(T value) { *Extend(1, true) = value; }
  void AppendNull() { (void)Extend(1, false); }
  /// Room for that many more values, zeros until they are set. The caller says of each
  /// whether it is one, in validity().
  T* Extend(size_t count) {
    const size_t at = values_.size();
    if (at == 0) values_.reserve(last_size_);
    values_.resize(at + count * sizeof(T));
    // Memory from the allocator is aligned for every type, and at a multiple of its size.
    return reinterpret_cast<T*>(values_.data() + at);
  }
  Bitmap& validity() { return validity_; }
  Unique<ArrowArray> Finish() {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    last_size_ = values_.size();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(std::exchange(values_, {}));
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  T* Extend(size_t count, bool is_valid) {
    validity_.Append(is_valid);
    return Extend(count);
  }

  std::vector<uint8_t> values_;
  Bitmap validity_;
  /// Of the array before, which the next one is likely to equal.
  size_t last_size_ = 0;
};

class BooleanBuilder {
 public:
  void Append(bool value) {
    values_.Append(value);
    validity_.Append(true);
  }
  void AppendNull() {
    values_.Append(false);
    validity_.Append(false);
  }
  Unique<ArrowArray> Finish() {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(values_.Take());
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  Bitmap values_;
  Bitmap validity_;
};

class NullBuilder {
 public:
  void AppendNull() { ++length_; }
  Unique<ArrowArray> Finish() {
    const int64_t length = std::exchange(length_, 0);
    return MakeArray(length, length, {});
  }

 private:
  int64_t length_ = 0;
};

}  // namespace aft
