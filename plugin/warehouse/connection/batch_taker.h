// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/arrow/arrow_c.h"

namespace aft {

/// Takes rows into tables as Arrow record batches, each column of which the database
/// converts to its own type without a change of values.
class BatchTaker {
 public:
  BatchTaker() = default;
  BatchTaker(const BatchTaker&) = delete;
  BatchTaker& operator=(const BatchTaker&) = delete;
  virtual ~BatchTaker() = default;

  /// `table` is a name in SQL, and `columns` are the names in SQL of those that the
  /// batch's go to, between commas. Throws a DatabaseError that says `doing`.
  virtual void Insert(const std::string& table, const std::string& columns,
                      Unique<ArrowSchema> schema, Unique<ArrowArray> batch,
                      const std::string& doing) = 0;
};

}  // namespace aft
