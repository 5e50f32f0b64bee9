// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"

namespace aft {

/// MariaDB and MySQL through MariaDB's driver.
///
/// A server that is left to itself makes values fit; here it has to refuse them or to
/// warn, which is asked for after each INSERT.
class MariadbDialect final : public Dialect {
 public:
  /// Sets the session's time zone and how strict it is, and asks how much it takes.
  explicit MariadbDialect(odbc::Connection& connection);

  /// Advice on errors that don't say enough themselves.
  static std::string_view Advise(const Diagnostic& diagnostic);

  [[nodiscard]] ReadPlan PlanRead(
      std::string_view sql,
      const std::vector<odbc::ColumnDescription>& columns) const override;
  [[nodiscard]] std::string TypeName(const ValueType& type) const override;
  [[nodiscard]] ParameterStyle Parameters() const override;
  [[nodiscard]] InsertLimits Limits(Connection& connection,
                                    const Relation& target) const override;
  void CheckInserted(Connection& connection, const std::string& doing) const override;
  [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
                                  const std::string& doing) const override;
  [[nodiscard]] std::vector<std::string> Belongings(
      Connection& connection, const Relation& relation,
      const std::string& doing) const override;
  [[nodiscard]] bool IsCopyable(Connection& connection, const Relation& relation,
                                const std::string& doing) const override;
  [[nodiscard]] std::string RemovalBlocker(Connection& connection,
                                           const Relation& relation, Removal removal,
                                           const std::string& doing) const override;
  void CheckAppend(Connection& connection, const Relation& relation,
                   const std::string& doing) const override;
  [[nodiscard]] std::string TableOptions(Connection& connection, const Relation& relation,
                                         const std::string& doing) const override;
  void ReserveStaging(Connection& connection, const Relation& staging,
                      const std::string& doing) const override;
  void ReleaseStaging(Connection& connection, const Relation& staging) const override;
  [[nodiscard]] std::vector<TableColumn> Columns(Connection& connection,
                                                 const Relation& relation,
                                                 const std::string& doing) const override;
  [[nodiscard]] bool MayMakeTemporary(Connection& connection, const Relation& relation,
                                      const std::string& doing) const override;

 private:
  bool gives_structs_;
  size_t longest_statement_ = 0;
  bool has_uuids_ = false;
  mutable std::optional<bool> keeps_rows_;
};

}  // namespace aft
