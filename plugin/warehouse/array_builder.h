// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow_c.h"
#include "plugin/warehouse/bitmap.h"

/// Arrow arrays built value by value. Finish() gives the array and starts the next.
namespace aft {

template <typename T>
class FixedBuilder {
 public:
  void Append(T value) { AppendBytes(value, true); }
  void AppendNull() { AppendBytes(T{}, false); }
  Unique<ArrowArray> Finish() {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(std::exchange(values_, {}));
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  void AppendBytes(T value, bool is_valid) {
    const size_t at = values_.size();
    values_.resize(at + sizeof value);
    std::memcpy(values_.data() + at, &value, sizeof value);
    validity_.Append(is_valid);
  }

  std::vector<uint8_t> values_;
  Bitmap validity_;
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
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(std::exchange(offsets_, {}));
    buffers.push_back(std::exchange(bytes_, {}));
    AppendOffset();
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  void AppendOffset() {
    const auto offset = static_cast<int32_t>(bytes_.size());
    const size_t at = offsets_.size();
    offsets_.resize(at + sizeof offset);
    std::memcpy(offsets_.data() + at, &offset, sizeof offset);
  }

  std::vector<uint8_t> offsets_;
  std::vector<uint8_t> bytes_;
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
