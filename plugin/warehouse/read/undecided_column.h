// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/warehouse/read/convert.h"
#include "plugin/warehouse/values/value_type.h"

namespace aft {

/// Collects tagged cells, or arrays, until it is known what they are.
class UndecidedColumn {
 public:
  void AppendBlock(const BlockColumn& values, const RowRange& rows);
  /// Whether values further down can change what Decide() gives.
  [[nodiscard]] bool needs_rest() const;
  /// Remembers that these kinds are further down, as bits of 1 << Kind.
  void Expect(unsigned kinds) { kinds_ |= kinds; }
  /// The type that holds every value: integers among doubles make doubles, and other
  /// mixtures fail at their first odd value.
  [[nodiscard]] ValueType Decide(const ValueType& when_empty) const;
  /// Passes the cells on, the first of them being row 1.
  void Replay(ColumnConverter& converter) const;

 private:
  /// Lists of lists, as many as the first array that is not empty has dimensions.
  [[nodiscard]] ValueType DecideLists(const ValueType& lists) const;
  [[nodiscard]] bool Has(Kind kind) const {
    return (kinds_ & 1U << static_cast<unsigned>(kind)) != 0;
  }

  std::string bytes_;
  std::vector<int64_t> sizes_;
  unsigned kinds_ = 0;
  Kind first_ = Kind::kNull;
};

}  // namespace aft
