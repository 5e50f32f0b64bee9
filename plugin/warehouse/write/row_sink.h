// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "plugin/warehouse/arrow/arrow_c.h"

namespace aft {

/// Takes the rows of batches to the table, in whichever way. What it was given may be on
/// its way until Finish() has returned.
class RowSink {
 public:
  RowSink() = default;
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;
  virtual ~RowSink() = default;

  /// `batch` is read before this returns. `between_rows` is called every few thousand
  /// rows and may throw to stop.
  virtual void Insert(const ArrowArray& batch,
                      const std::function<void()>& between_rows) = 0;
  virtual void Finish() = 0;
  /// Until the rows that are on their way have arrived. Throws what the database refuses.
  virtual void Wait() {}

  /// Which way it is, for those who measure.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// What Insert() was given.
  [[nodiscard]] virtual int64_t rows() const = 0;
  [[nodiscard]] virtual int64_t bytes() const = 0;
  /// How many rows the database says that it has taken, after Finish(); nothing where the
  /// driver does not tell.
  [[nodiscard]] virtual std::optional<int64_t> taken() const = 0;
};

}  // namespace aft
