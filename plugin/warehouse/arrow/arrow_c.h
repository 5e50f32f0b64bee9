// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// The Arrow C data interface and C stream interface: what the specification lays
/// down, and owners for it. Streams are made and read in arrow_stream.h; values are
/// built in array_builder.h and read in arrow_column.h.

// The guards and the member order are the specification's, so that these
// structs and another library's of the same names are the same structs.
extern "C" {

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE

}  // extern "C"

namespace aft {

/// Owns one struct of the interface and releases it. Empty when released or moved
/// from.
template <typename T>
class Unique {
 public:
  Unique() = default;
  Unique(Unique&& other) noexcept : value_(std::exchange(other.value_, T{})) {}
  Unique& operator=(Unique&& other) noexcept {
    if (this != &other) {
      Release();
      value_ = std::exchange(other.value_, T{});
    }
    return *this;
  }
  Unique(const Unique&) = delete;
  Unique& operator=(const Unique&) = delete;
  ~Unique() { Release(); }

  [[nodiscard]] bool IsEmpty() const { return value_.release == nullptr; }
  T* get() { return &value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }
  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  /// Leaves the ownership to the caller, whose struct must hold nothing.
  void MoveTo(T* out) { *out = std::exchange(value_, T{}); }

 private:
  void Release() {
    if (value_.release != nullptr) value_.release(&value_);
  }

  T value_{};
};

/// A schema of a primitive or variable-length type.
Unique<ArrowSchema> MakeSchema(std::string format, std::string name);
/// A schema of lists.
Unique<ArrowSchema> MakeListSchema(std::string name, Unique<ArrowSchema> element);
/// A schema of a batch: a struct with these children.
Unique<ArrowSchema> MakeBatchSchema(std::vector<Unique<ArrowSchema>> columns);

/// An array that owns its buffers. An empty buffer stands for a missing bitmap where
/// `null_count` is 0.
Unique<ArrowArray> MakeArray(int64_t length, int64_t null_count,
                             std::vector<std::vector<uint8_t>> buffers);
/// An array of lists, whose buffers are the bitmap and the offsets into the elements.
Unique<ArrowArray> MakeList(int64_t length, int64_t null_count,
                            std::vector<std::vector<uint8_t>> buffers,
                            Unique<ArrowArray> elements);
/// A batch: a struct array with these children, each `length` long.
Unique<ArrowArray> MakeBatch(int64_t length, std::vector<Unique<ArrowArray>> columns);

}  // namespace aft
