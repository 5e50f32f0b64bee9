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

/// As array_builder.h, for values that differ in length.
namespace aft {

/// Where each value ends, from the 0 before the first.
class Offsets {
 public:
  Offsets() { Append(0); }

  void Append(size_t end) {
    const auto offset = static_cast<int32_t>(end);
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof offset);
    std::memcpy(bytes_.data() + at, &offset, sizeof offset);
  }
  /// Starts again.
  std::vector<uint8_t> Take() {
    std::vector<uint8_t> taken = std::exchange(bytes_, {});
    Append(0);
    return taken;
  }

 private:
  std::vector<uint8_t> bytes_;
};

/// Texts or bytes; all of an array's together stay below 2 GiB, which the caller sees to.
class BytesBuilder {
 public:
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
      offsets_.Append(at);
      validity_.Append(value.data() != nullptr);
    }
  }
  /// How many bytes there are in all.
  [[nodiscard]] size_t size() const { return bytes_.size(); }

  void Append(std::string_view value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    offsets_.Append(bytes_.size());
    validity_.Append(true);
  }
  void AppendNull() {
    offsets_.Append(bytes_.size());
    validity_.Append(false);
  }
  Unique<ArrowArray> Finish() {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    last_size_ = bytes_.size();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(offsets_.Take());
    buffers.push_back(std::exchange(bytes_, {}));
    return MakeArray(length, nulls, std::move(buffers));
  }

 private:
  Offsets offsets_;
  std::vector<uint8_t> bytes_;
  Bitmap validity_;
  size_t last_size_ = 0;
};

/// Lists of what another builder has.
class ListBuilder {
 public:
  /// Ends a list at `end` elements in all.
  void Append(size_t end) { AppendEnd(end, true); }
  void AppendNull(size_t end) { AppendEnd(end, false); }
  [[nodiscard]] size_t length() const { return static_cast<size_t>(validity_.length()); }
  Unique<ArrowArray> Finish(Unique<ArrowArray> elements) {
    const int64_t length = validity_.length();
    const int64_t nulls = validity_.zeros();
    std::vector<std::vector<uint8_t>> buffers;
    buffers.push_back(validity_.Take());
    buffers.push_back(offsets_.Take());
    return MakeList(length, nulls, std::move(buffers), std::move(elements));
  }

 private:
  void AppendEnd(size_t end, bool is_valid) {
    offsets_.Append(end);
    validity_.Append(is_valid);
  }
  Offsets offsets_;
  Bitmap validity_;
};

}  // namespace aft
