// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
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

/// Texts or bytes; all of an array's together stay below 2 GiB, which the caller sees to.
class BytesBuilder {
 public:
  BytesBuilder() { AppendOffset(); }

  /// All of them at once; a view whose data() is null is a NULL.
  void AppendAll(std::span<const std::string_view> values) {
    size_t total = bytes_.size();
    for (const std::string_view value : values) total += value.size();
    size_t at = bytes_.size();
    if (at == 0) bytes_.reserve(std::max(total, last_size_));
    bytes_.resize(total);
    for (const std::string_view value : values) {
      if (!value.empty()) std::memcpy(bytes_.data() + at, value.data(), value.size());
      at += value.size();
      AppendOffset(at);
      validity_.Append(value.data() != nullptr);
    }
  }
  /// How many bytes there are in all.
  [[nodiscard]] size_t size() const { return bytes_.size(); }

  void Append(std::string_view value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    AppendOffset();
    validity_.Append(true);
  }
  void AppendNull() {
    AppendOffset();
    validity_.Append(false);
  }
  Unique<ArrowArray> Finish() {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    last_size_ = bytes_.size();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(std::exchange(offsets_, {}));
    buffers.push_back(std::exchange(bytes_, {}));
    AppendOffset();
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  void AppendOffset() { AppendOffset(bytes_.size()); }
  void AppendOffset(size_t end) {
    const auto offset = static_cast<int32_t>(end);
    const size_t at = offsets_.size();
    offsets_.resize(at + sizeof offset);
    std::memcpy(offsets_.data() + at, &offset, sizeof offset);
  }

  std::vector<uint8_t> offsets_;
  std::vector<uint8_t> bytes_;
  Bitmap validity_;
  size_t last_size_ = 0;
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
