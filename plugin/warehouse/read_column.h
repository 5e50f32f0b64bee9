// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/arrow_c.h"
#include "plugin/warehouse/value_type.h"

namespace aft {

/// How a driver hands over the values of a result's column.
enum class CellFormat {
  kNative,    ///< in the C type of the value
  kText,      ///< as text, in UTF-8
  kWideText,  ///< as text, in UTF-16
  kTagged,    ///< as text behind one letter that says what the value is (SQLite)
};

/// What is read of one column.
struct ReadColumnPlan {
  std::string name;
  ValueType type;
  CellFormat format = CellFormat::kText;
  /// The values decide: each says its own type. `type` is for a column without any.
  bool is_inferred = false;
};

/// One value as the driver gave it.
struct Cell {
  bool is_null = false;
  std::string_view bytes;
};

/// Where a value belongs, for messages. Rows count from 1.
struct Place {
  std::string_view column;
  int64_t row = 0;
};

/// One strategy for one column: cells in, Arrow arrays out.
class ReadColumn {
 public:
  ReadColumn() = default;
  ReadColumn(const ReadColumn&) = delete;
  ReadColumn& operator=(const ReadColumn&) = delete;
  virtual ~ReadColumn() = default;

  /// Throws an Error that names the place where the cell holds no such value.
  virtual void Append(const Cell& cell, const Place& place) = 0;
  [[nodiscard]] virtual Unique<ArrowArray> Finish() = 0;
};

std::unique_ptr<ReadColumn> MakeReadColumn(const ReadColumnPlan& plan);

/// Collects tagged cells until it is known what they are.
class UndecidedColumn {
 public:
  void Append(const Cell& cell);
  /// Remembers that these kinds are further down, as bits of 1 << Kind.
  void Expect(unsigned kinds) { kinds_ |= kinds; }
  /// The type that holds every value: integers among doubles make doubles, and other
  /// mixtures fail at their first odd value.
  [[nodiscard]] ValueType Decide(const ValueType& when_empty) const;
  /// Passes the cells on, the first of them being row 1.
  void Replay(ReadColumn& column, std::string_view name);

 private:
  std::string bytes_;
  std::vector<int64_t> sizes_;
  unsigned kinds_ = 0;
  Kind first_ = Kind::kNull;
};

}  // namespace aft
