// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"

namespace aft {

/// A database of which nothing is known but what its driver says. Its types bear the
/// standard's names where the driver lists those, and else the driver's.
class GenericDialect final : public Dialect {
 public:
  /// Asks the driver for the database's types.
  explicit GenericDialect(odbc::Connection& connection);

  [[nodiscard]] bool knows_driver() const override { return false; }
  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] ParameterStyle Parameters() const override;

 private:
  struct DriverType {
    std::string name;
    int64_t size = 0;
    bool has_parameters = false;
  };

  /// The type of the first of these that the driver has: that of the standard's name, or
  /// the one that holds the longest values.
  [[nodiscard]] DriverType Pick(const std::vector<SQLSMALLINT>& sql_types,
                                std::string_view standard) const;

  std::map<SQLSMALLINT, std::vector<DriverType>> types_;
};

}  // namespace aft
