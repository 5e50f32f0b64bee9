// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plugin/warehouse/dialects/query_parameter.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// How a driver hands over the values of a result's column.
enum class CellFormat {
  kNative,    ///< in the C type of the value
  kText,      ///< as text, in UTF-8
  kWideText,  ///< as text, in UTF-16
  kStruct,    ///< as ODBC's struct of a date or timestamp, which NULL leaves untouched
  kTagged,    ///< as text behind one letter that says what the value is (SQLite)
};

/// What is read of one column.
struct ReadColumnPlan {
  std::string name;
  ValueType type;
  CellFormat format = CellFormat::kText;
  /// The values decide: each says its own type, or how many lists are within its lists.
  /// `type` is for a column without any.
  bool is_inferred = false;
  /// The values, or the elements of lists, are decimals, whatever `type` makes of them: a
  /// double that lacks some of
  /// their digits is counted.
  bool is_decimal = false;
  /// A date or timestamp that is infinite becomes NULL, in lists as well.
  bool nulls_infinity = false;
  /// The bytes of the longest value, as far as the driver knows; 0 where it does not.
  size_t width = 0;
};

/// What a query's decimals are read as.
enum class Decimals {
  /// As decimals where the database says their precision, else as doubles.
  kDeclared,
  /// As kDeclared, but without a precision as 38 digits, 18 of them behind the point; a
  /// value that needs others is an error.
  kExact,
  /// As kDeclared, but those with places as doubles, which may be NaN.
  kFloat,
  /// As doubles, and those without places as 64-bit integers.
  kReal,
};

/// What the caller of a query wants.
struct ReadOptions {
  /// Of a batch, at most; at least 1.
  int64_t batch_rows = 65536;
  Decimals decimals = Decimals::kDeclared;
  /// Whether an infinite date or timestamp is NULL rather than an error.
  bool nulls_infinite_dates = false;
  /// What is read, for messages, as "my_schema.orders"; "" for a query.
  // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns where it is left out.
  std::string relation{};
  /// For the query's parameter marks, in their order.
  std::vector<QueryParameter> parameters{};  // NOLINT(readability-redundant-member-init)
  /// One that gives no rows is run as well, and gives a batch without columns.
  bool takes_any_statement = false;
};

/// What can be relied on when a value is longer than the buffer bound to its column.
enum class CutValues {
  kRowByRow,  ///< only the last row fetched can be asked for its values once more
  kInBlock,   ///< any row of a block can be
  kNever,     ///< no value is longer than the driver says; others come row by row
};

/// How a query is put to the driver and what its columns are read as.
struct ReadPlan {
  std::string sql;
  std::vector<ReadColumnPlan> columns;
  CutValues cut_values = CutValues::kRowByRow;
};

}  // namespace aft
