// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/table_writer.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/row_inserter.h"
#include "plugin/warehouse/staging.h"

namespace aft {

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
  const bool is_missing = kind == RelationKind::kMissing;
  WriteOutcome outcome;
  // Where making a table commits, a new one is filled before it can be seen.
  if (request_.mode == WriteMode::kOverwrite ||
      (is_missing && !dialect_.HasTransactionalDdl())) {
    Staging staging(connection_, dialect_, target, doing_);
    Create(staging.relation(), new_columns);
    outcome = Fill(staging.relation(), stream, std::move(columns));
    // Others may have dropped or replaced it meanwhile; but what they have made where
    // there was nothing to append to is theirs.
    const bool is_overwrite = request_.mode == WriteMode::kOverwrite;
    may_have_committed_ = !dialect_.HasTransactionalDdl();
    staging.Swap(target,
                 is_overwrite ? dialect_.Find(connection_, target, doing_) : kind);
    Commit(transaction, outcome);
    staging.Keep();
    return outcome;
  }
  if (kind == RelationKind::kView) {
    throw Error(Text("cannot ", doing_,
                     ": it is a view, which takes no rows; overwrite "
                     "it or choose another name"));
  }
  if (is_missing) {
    Create(target, new_columns);
  } else {
    dialect_.CheckAppend(connection_, target, doing_);
  }
  outcome = Fill(target, stream, std::move(columns));
  Commit(transaction, outcome);
  return outcome;
}

void TableWriter::Commit(odbc::Transaction& transaction, const WriteOutcome& outcome) {
  const std::string id = dialect_.TransactionId(connection_, doing_);
  may_have_committed_ = true;
  try {
    transaction.Commit();
  } catch (const odbc::OdbcError& error) {
    if (id.empty() && !error.IsConnectionLost()) throw;
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
    const Relation& relation, const std::vector<ArrowColumn>& columns) const {
  const std::vector<TableColumn> there = dialect_.Columns(connection_, relation, doing_);
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
  dialect_.Execute(connection_,
                   sql + ")" + dialect_.TableOptions(connection_, relation, doing_),
                   doing_);
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
                               std::vector<ArrowColumn> columns) const {
  // What the database has made of the types that it was asked for counts.
  const std::vector<TableColumn> table_columns = MatchColumns(relation, columns);
  std::vector<WriteColumn> write_columns;
  std::string names;
  std::string markers;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Encoding encoding = EncodingFor(columns[i], table_columns[i]);
    write_columns.emplace_back(std::move(columns[i]), encoding,
                               table_columns[i].second_digits, doing_);
    names += (i == 0 ? "" : ", ") + dialect_.Quote(table_columns[i].name);
    markers += i == 0 ? "?" : ", ?";
  }
  RowInserter inserter(connection_, dialect_,
                       Text("INSERT INTO ", dialect_.Name(relation), " (", names,
                            ") VALUES (", markers, ")"),
                       std::move(write_columns), doing_);
  while (true) {
    between_rows_();
    const Unique<ArrowArray> batch = TakeBatch(stream, doing_);
    if (batch.IsEmpty()) return {inserter.rows(), inserter.bytes()};
    inserter.Insert(*batch, between_rows_);
  }
}

}  // namespace aft
