// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/faults/changed_array.h"
#include "tests/faults/fault_driver.h"

/// While it lives, parameters that are arrays in PostgreSQL's binary form are as the
/// fault makes them.
class ChangedBinaryArrays {
 public:
  ChangedBinaryArrays(FaultArrays fault, const std::vector<BoundParameter>& parameters) {
    if (fault == kArraysWhole) return;
    for (const BoundParameter& parameter : parameters) {
      if (parameter.c_type != SQL_C_BINARY || *parameter.indicator < kHeader) continue;
      kept_.push_back({parameter,
                       {parameter.value, parameter.value + *parameter.indicator},
                       *parameter.indicator});
      Change(fault, parameter);
    }
  }
  ChangedBinaryArrays(const ChangedBinaryArrays&) = delete;
  ChangedBinaryArrays& operator=(const ChangedBinaryArrays&) = delete;
  ~ChangedBinaryArrays() {
    for (const Kept& kept : kept_) {
      std::copy(kept.bytes.begin(), kept.bytes.end(), kept.parameter.value);
      *kept.parameter.indicator = kept.length;
    }
  }

 private:
  struct Kept {
    BoundParameter parameter;
    std::vector<char> bytes;
    SQLLEN length;
  };

  static constexpr SQLLEN kHeader = 20;
  static constexpr size_t kCount = 12;

  static int32_t Get(const char* at) {
    uint32_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(at[i]);
    return static_cast<int32_t>(number);
  }
  static void Put(char* at, int32_t number) {
    const auto bits = static_cast<uint32_t>(number);
    for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(bits >> (24 - 8 * i));
  }

  /// Where the room is enough for it.
  static void RepeatFirst(const BoundParameter& parameter) {
    char* const first = parameter.value + kHeader;
    const SQLLEN size = 4 + std::max(Get(first), 0);
    const int32_t count = Get(parameter.value + kCount);
    if (kHeader + size * count > *parameter.indicator) return;
    for (int32_t element = 1; element < count; ++element) {
      std::copy_n(first, size, first + size * element);
    }
    *parameter.indicator = kHeader + size * count;
  }

  static void Change(FaultArrays fault, const BoundParameter& parameter) {
    if (fault == kArraysRepeatFirst) return RepeatFirst(parameter);
    const int32_t count = Get(parameter.value + kCount);
    char* at = parameter.value + kHeader;
    for (int32_t element = 0; element < count; ++element) {
      const int32_t length = Get(at);
      const bool is_last = element > 0 && element == count - 1;
      if (is_last && (fault == kArraysCut || fault == kArraysCutSilently)) {
        Put(parameter.value + kCount, count - 1);
        *parameter.indicator = at - parameter.value;
        return;
      }
      if (fault == kArraysNullIsZero && length < 0) Put(at, 0);
      at += 4 + std::max(length, 0);
    }
  }

  std::vector<Kept> kept_;
};
