// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow_stream.h"
#include "plugin/warehouse/dialect.h"
#include "plugin/warehouse/odbc_connection.h"
#include "plugin/warehouse/transaction.h"
#include "plugin/warehouse/write_column.h"

namespace aft {

enum class WriteMode { kOverwrite, kAppend };

struct WriteRequest {
  Relation relation;
  WriteMode mode = WriteMode::kOverwrite;
  /// Types of new columns in SQL, by the columns' names; others follow the dialect.
  std::map<std::string, std::string> column_types;
};

struct WriteOutcome {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// The answer to a commit did not come.
class CommitError : public odbc::OdbcError {
 public:
  CommitError(const odbc::OdbcError& error, std::string transaction_id,
              const WriteOutcome& outcome)
      : odbc::OdbcError(error),
        transaction_id_(std::move(transaction_id)),
        outcome_(outcome) {}

  /// For Dialect::HasCommitted(); "" where the database can't tell.
  [[nodiscard]] const std::string& transaction_id() const { return transaction_id_; }
  /// What has been written if it was committed.
  [[nodiscard]] const WriteOutcome& outcome() const { return outcome_; }

 private:
  std::string transaction_id_;
  WriteOutcome outcome_;
};

/// Writes a stream of batches into a table: all of it, or nothing.
///
/// Overwriting fills a staging table and puts it in the target's place; whoever reads
/// the target meanwhile sees the old rows. Appending matches columns by name.
class TableWriter {
 public:
  /// `connection` and `dialect` have to outlive the writer. `between_rows` is called
  /// every few thousand rows and may throw to stop the write.
  TableWriter(odbc::Connection& connection, const Dialect& dialect, WriteRequest request,
              std::function<void()> between_rows);

  WriteOutcome Write(ArrowArrayStream& stream);
  /// Whether the database may keep what was written although Write() has thrown.
  [[nodiscard]] bool may_have_committed() const { return may_have_committed_; }

 private:
  [[nodiscard]] std::vector<ArrowColumn> ReadColumns(const ArrowSchema& schema) const;
  [[nodiscard]] std::vector<TableColumn> NewColumns(
      const std::vector<ArrowColumn>& columns) const;
  [[nodiscard]] std::vector<TableColumn> MatchColumns(
      const Relation& relation, const std::vector<ArrowColumn>& columns) const;
  void Create(const Relation& relation, const std::vector<TableColumn>& columns) const;
  WriteOutcome Fill(const Relation& relation, ArrowArrayStream& stream,
                    std::vector<ArrowColumn> columns) const;
  [[nodiscard]] Encoding EncodingFor(const ArrowColumn& column,
                                     const TableColumn& table_column) const;
  void Commit(odbc::Transaction& transaction, const WriteOutcome& outcome);

  odbc::Connection& connection_;
  const Dialect& dialect_;
  WriteRequest request_;
  std::function<void()> between_rows_;
  std::string doing_;
  bool may_have_committed_ = false;
};

}  // namespace aft
