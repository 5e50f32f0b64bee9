// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tests/faults/fault_driver.h"

/// Where a parameter's values come from.
struct BoundParameter {
  size_t width = 0;
  char* value = nullptr;
  SQLLEN* indicator = nullptr;
  SQLSMALLINT c_type = 0;
};

/// While it lives, the values of a statement's parameters are as the fault makes them.
class ChangedArray {
 public:
  ChangedArray(FaultArrays fault, const std::vector<BoundParameter>& parameters,
               size_t rows) {
    if (rows < 2) return;
    for (const BoundParameter& parameter : parameters) {
      kept_.push_back({parameter,
                       {parameter.value, parameter.value + rows * parameter.width},
                       {parameter.indicator, parameter.indicator + rows}});
      for (size_t row = 0; row < rows; ++row) Change(fault, parameter, row);
    }
  }
  ChangedArray(const ChangedArray&) = delete;
  ChangedArray& operator=(const ChangedArray&) = delete;
  ~ChangedArray() {
    for (const Kept& kept : kept_) {
      std::copy(kept.values.begin(), kept.values.end(), kept.parameter.value);
      std::copy(kept.lengths.begin(), kept.lengths.end(), kept.parameter.indicator);
    }
  }

 private:
  struct Kept {
    BoundParameter parameter;
    std::vector<char> values;
    std::vector<SQLLEN> lengths;
  };

  static void Change(FaultArrays fault, const BoundParameter& parameter, size_t row) {
    SQLLEN& length = parameter.indicator[row];
    char* const value = parameter.value + row * parameter.width;
    if (fault == kArraysRepeatFirst && row > 0) {
      std::copy_n(parameter.value, parameter.width, value);
      length = parameter.indicator[0];
    }
    if (fault == kArraysNullIsZero && length == SQL_NULL_DATA) {
      std::fill_n(value, parameter.width, '\0');
      length = 0;
    }
  }

  std::vector<Kept> kept_;
};
