// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/dialects/write_statements.h"

namespace aft {

/// DuckDB, where all statements of a write are one transaction, and a view finds its
/// tables by their names when it is read.
class DuckdbStatements final : public WriteStatements {
 public:
  DuckdbStatements();

  [[nodiscard]] std::string CreateSchema(const Relation& relation) const override;
  [[nodiscard]] std::string Update(const Merge& merge) const override {
    return UpdateFrom(merge);
  }
};

}  // namespace aft
