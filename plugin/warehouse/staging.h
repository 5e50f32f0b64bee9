// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "plugin/warehouse/dialect.h"
#include "plugin/warehouse/odbc_connection.h"

namespace aft {

/// A table beside its target, under a name that nobody else has, which is to take the
/// target's place. Until then it goes with this object, where no rollback takes it.
class Staging {
 public:
  Staging(odbc::Connection& connection, const Dialect& dialect, const Relation& target,
          std::string doing);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  [[nodiscard]] const Relation& relation() const { return relation_; }
  /// Takes the target's place. Where a step fails, the target is as it was.
  void Swap(const Relation& target, RelationKind kind);
  /// The table has taken its place for good.
  void Keep() { is_kept_ = true; }

 private:
  void Undo(const std::vector<SwapStep>& steps) const;
  /// Runs a statement that undoes something. False where it fails.
  bool TryTo(const std::string& statement) const;

  odbc::Connection& connection_;
  const Dialect& dialect_;
  Relation relation_;
  std::string doing_;
  bool is_kept_ = false;
};

}  // namespace aft
