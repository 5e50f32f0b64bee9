// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/table_writer.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

constexpr int64_t kRowsBetweenCalls = 4096;

std::string StagingName() {
  std::random_device random;
  std::string name = "aft_staging_";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return name;
}

/// A staging table that is dropped unless it has taken its target's place, where no
/// rollback does that.
class Staging {
 public:
  Staging(odbc::Connection& connection, std::string drop_statement)
      : connection_(connection), drop_statement_(std::move(drop_statement)) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    if (drop_statement_.empty()) return;
    // The error that brought us here says more than one of dropping.
    try {
      odbc::Statement drop(connection_, "drop a staging table",
                           odbc::Statement::Stop::kNever);
      drop.ExecuteDirect(drop_statement_);
    } catch (const Error&) {
      return;
    }
  }
  void Keep() { drop_statement_.clear(); }

 private:
  odbc::Connection& connection_;
  std::string drop_statement_;
};

void CheckBatch(const ArrowArray& batch, size_t columns, const std::string& doing) {
  if (batch.n_children != static_cast<int64_t>(columns) || batch.length < 0 ||
      batch.offset < 0) {
    throw Error(Text("cannot ", doing, ": a batch has ", batch.n_children,
                     " columns where the frame's schema has ", columns));
  }
  if (batch.n_buffers < 1 || batch.buffers[0] == nullptr || batch.null_count == 0) return;
  const auto* const bitmap = static_cast<const uint8_t*>(batch.buffers[0]);
  for (int64_t at = batch.offset; at < batch.offset + batch.length; ++at) {
    if ((bitmap[at / 8] >> (at % 8) & 1) != 0) continue;
    throw Error(Text("cannot ", doing, ": a whole row of the frame is null"));
  }
}

}  // namespace

TableWriter::TableWriter(odbc::Connection& connection, const Dialect& dialect,
                         WriteRequest request, std::function<void()> between_rows)
    : connection_(connection),
      dialect_(dialect),
      request_(std::move(request)),
      between_rows_(std::move(between_rows)),
      doing_(Text(request_.mode == WriteMode::kAppend ? "append to " : "write ",
                  Describe(request_.relation))) {}

WriteOutcome TableWriter::Write(ArrowArrayStream& stream) {
  const Unique<ArrowSchema> schema = TakeSchema(stream, doing_);
  std::vector<ArrowColumn> columns = ReadColumns(*schema);
  const std::vector<TableColumn> new_columns = NewColumns(columns);
  const Relation& target = request_.relation;
  odbc::Transaction transaction(connection_, dialect_.BeginStatement(), doing_);
  dialect_.EnsureSchema(connection_, target, doing_);
  const RelationKind kind = dialect_.Find(connection_, target, doing_);
  WriteOutcome outcome;
  if (request_.mode == WriteMode::kOverwrite) {
    Relation staging = target;
    staging.identifier = StagingName();
    staging.quote_identifier = true;
    Staging guard(connection_, dialect_.HasTransactionalDdl()
                                   ? ""
                                   : "DROP TABLE " + dialect_.Name(staging));
    Create(staging, new_columns);
    outcome = Fill(staging, stream, std::move(columns), new_columns);
    for (const std::string& statement : dialect_.SwapStatements(staging, target, kind)) {
      Execute(statement);
    }
    Commit(transaction, outcome);
    guard.Keep();
    return outcome;
  }
  if (kind == RelationKind::kView) {
    throw Error(Text("cannot ", doing_,
                     ": it is a view, which takes no rows; overwrite "
                     "it or choose another name"));
  }
  if (kind == RelationKind::kMissing) Create(target, new_columns);
  const std::vector<TableColumn> table_columns =
      kind == RelationKind::kMissing ? new_columns : MatchColumns(columns);
  outcome = Fill(target, stream, std::move(columns), table_columns);
  Commit(transaction, outcome);
  return outcome;
}

void TableWriter::Commit(odbc::Transaction& transaction,
                         const WriteOutcome& outcome) const {
  const std::string id = dialect_.TransactionId(connection_, doing_);
  try {
    transaction.Commit();
  } catch (const odbc::OdbcError& error) {
    if (id.empty()) throw;
    throw CommitError(error, id, outcome);
  }
}

std::vector<ArrowColumn> TableWriter::ReadColumns(const ArrowSchema& schema) const {
  if (schema.n_children == 0) {
    throw Error(Text("cannot ", doing_, ": the frame has no columns"));
  }
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    columns.emplace_back(*schema.children[i], doing_);
    const std::string& name = columns.back().name();
    if (name.empty()) {
      throw Error(
          Text("cannot ", doing_, ": column ", i + 1, " of the frame has no name"));
    }
    for (size_t before = 0; before + 1 < columns.size(); ++before) {
      const std::string& other = columns[before].name();
      if (!dialect_.IsSameColumn(other, name)) continue;
      throw Error(Text("cannot ", doing_, ": columns ", before + 1, " and ", i + 1,
                       " of the frame are both named '", name, "'",
                       other == name ? "" : " but for their case"));
    }
  }
  return columns;
}

std::vector<TableColumn> TableWriter::NewColumns(
    const std::vector<ArrowColumn>& columns) const {
  std::vector<TableColumn> table_columns;
  for (const ArrowColumn& column : columns) {
    const auto given = request_.column_types.find(column.name());
    table_columns.push_back({column.name(), given == request_.column_types.end()
                                                ? dialect_.TypeName(column.type())
                                                : given->second});
  }
  for (const auto& [name, type] : request_.column_types) {
    const bool is_known = std::any_of(
        columns.begin(), columns.end(),
        [&name = name](const ArrowColumn& column) { return column.name() == name; });
    if (is_known) continue;
    throw Error(Text("cannot ", doing_, ": column_types names a column '", name,
                     "', which the frame doesn't have"));
  }
  return table_columns;
}

std::vector<TableColumn> TableWriter::MatchColumns(
    const std::vector<ArrowColumn>& columns) const {
  const std::vector<TableColumn> there =
      dialect_.Columns(connection_, request_.relation, doing_);
  std::vector<TableColumn> matched;
  for (const ArrowColumn& column : columns) {
    const auto match =
        std::find_if(there.begin(), there.end(), [&](const TableColumn& candidate) {
          return dialect_.IsSameColumn(candidate.name, column.name());
        });
    if (match == there.end()) {
      throw Error(Text("cannot ", doing_, ": the table has no column '", column.name(),
                       "'; add it, or leave it out of the frame"));
    }
    matched.push_back(*match);
  }
  return matched;
}

void TableWriter::Create(const Relation& relation,
                         const std::vector<TableColumn>& columns) const {
  std::string sql = "CREATE TABLE " + dialect_.Name(relation) + " (";
  for (const TableColumn& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql += dialect_.Quote(column.name);
    if (!column.type_name.empty()) sql += " " + column.type_name;
  }
  Execute(sql + ")");
}

Encoding TableWriter::EncodingFor(const ArrowColumn& column,
                                  const TableColumn& table_column) const {
  const std::optional<Encoding> encoding =
      dialect_.EncodingFor(column.type(), table_column);
  if (encoding) return *encoding;
  throw Error(Text("cannot ", doing_, ": the frame's column '", column.name(), "' holds ",
                   Describe(column.type()), ", which would change in the table's column ",
                   "of type '", table_column.type_name, "'; convert it first"));
}

WriteOutcome TableWriter::Fill(const Relation& relation, ArrowArrayStream& stream,
                               std::vector<ArrowColumn> columns,
                               const std::vector<TableColumn>& table_columns) const {
  std::vector<WriteColumn> write_columns;
  std::string names;
  std::string markers;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Encoding encoding = EncodingFor(columns[i], table_columns[i]);
    write_columns.emplace_back(std::move(columns[i]), encoding, doing_);
    names += (i == 0 ? "" : ", ") + dialect_.Quote(table_columns[i].name);
    markers += i == 0 ? "?" : ", ?";
  }
  odbc::Statement insert(connection_, doing_);
  insert.Prepare(Text("INSERT INTO ", dialect_.Name(relation), " (", names, ") VALUES (",
                      markers, ")"));
  for (size_t i = 0; i < write_columns.size(); ++i) {
    write_columns[i].Bind(insert, static_cast<SQLUSMALLINT>(i + 1));
  }
  WriteOutcome outcome;
  while (true) {
    between_rows_();
    const Unique<ArrowArray> batch = TakeBatch(stream, doing_);
    if (batch.IsEmpty()) return outcome;
    InsertBatch(insert, write_columns, *batch, outcome);
  }
}

void TableWriter::InsertBatch(odbc::Statement& insert, std::vector<WriteColumn>& columns,
                              const ArrowArray& batch, WriteOutcome& outcome) const {
  CheckBatch(batch, columns.size(), doing_);
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].column().SetArray(*batch.children[i], batch.offset, batch.length);
    outcome.bytes += columns[i].column().CountBytes();
  }
  for (int64_t row = 0; row < batch.length; ++row) {
    ++outcome.rows;
    if (outcome.rows % kRowsBetweenCalls == 0) between_rows_();
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool has_moved = columns[i].Load(row, outcome.rows);
      if (has_moved) columns[i].Bind(insert, static_cast<SQLUSMALLINT>(i + 1));
    }
    insert.Execute();
  }
}

void TableWriter::Execute(const std::string& sql) const {
  dialect_.Execute(connection_, sql, doing_);
}

}  // namespace aft
