// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow/array_builder.h"
#include "plugin/warehouse/arrow/arrow_column.h"
#include "plugin/warehouse/arrow/variable_builder.h"
#include "plugin/warehouse/dialects/list.h"
#include "plugin/warehouse/odbc/statement.h"
#include "plugin/warehouse/read/table_reader.h"
#include "plugin/warehouse/write/table_writer.h"

namespace aft::test {

template <typename T>
using Values = std::vector<std::optional<T>>;

/// A frame that is built column by column and streamed in one batch or several.
class Frame {
 public:
  template <typename T>
  Frame&& Fixed(const std::string& format, const std::string& name,
                const Values<T>& values) && {
    FixedBuilder<T> builder;
    Fill(builder, values);
    return std::move(*this).Add(format, name, builder.Finish());
  }
  Frame&& Integers(const std::string& name, const Values<int64_t>& values) && {
    return std::move(*this).Fixed("l", name, values);
  }
  Frame&& Reals(const std::string& name, const Values<double>& values) && {
    return std::move(*this).Fixed("g", name, values);
  }
  Frame&& Texts(const std::string& name, const Values<std::string>& values) && {
    BytesBuilder builder;
    Fill(builder, values);
    return std::move(*this).Add("u", name, builder.Finish());
  }
  Frame&& Bytes(const std::string& name, const Values<std::string>& values) && {
    BytesBuilder builder;
    Fill(builder, values);
    return std::move(*this).Add("z", name, builder.Finish());
  }
  Frame&& Booleans(const std::string& name, const Values<bool>& values) && {
    BooleanBuilder builder;
    Fill(builder, values);
    return std::move(*this).Add("b", name, builder.Finish());
  }
  Frame&& Add(const std::string& format, const std::string& name,
              Unique<ArrowArray> array) && {
    rows_ = array->length;
    schemas_.push_back(MakeSchema(format, name));
    arrays_.push_back(std::move(array));
    return std::move(*this);
  }

  Unique<ArrowSchema> TakeSchema() { return MakeBatchSchema(std::move(schemas_)); }
  Unique<ArrowArray> TakeBatch() { return MakeBatch(rows_, std::move(arrays_)); }

 private:
  template <typename Builder, typename T>
  static void Fill(Builder& builder, const Values<T>& values) {
    for (const std::optional<T>& value : values) {
      if (value) {
        builder.Append(*value);
      } else {
        builder.AppendNull();
      }
    }
  }

  std::vector<Unique<ArrowSchema>> schemas_;
  std::vector<Unique<ArrowArray>> arrays_;
  int64_t rows_ = 0;
};

/// Frames of one shape as the batches of a stream; fails behind them with `error` unless
/// that is empty.
class FrameSource final : public BatchSource {
 public:
  FrameSource(std::vector<Frame> frames, std::string error)
      : schema_(frames.front().TakeSchema()), error_(std::move(error)) {
    for (Frame& frame : frames) batches_.push_back(frame.TakeBatch());
  }
  Unique<ArrowSchema> Schema() override { return std::move(schema_); }
  Unique<ArrowArray> Next() override {
    if (at_ < batches_.size()) return std::move(batches_[at_++]);
    if (!error_.empty()) throw std::runtime_error(error_);
    return {};
  }

 private:
  Unique<ArrowSchema> schema_;
  std::vector<Unique<ArrowArray>> batches_;
  std::string error_;
  size_t at_ = 0;
};

inline Unique<ArrowArrayStream> StreamOf(std::vector<Frame> frames,
                                         std::string error = "") {
  return ExportStream(std::make_unique<FrameSource>(std::move(frames), std::move(error)));
}

inline Unique<ArrowArrayStream> StreamOf(Frame frame) {
  std::vector<Frame> frames;
  frames.push_back(std::move(frame));
  return StreamOf(std::move(frames));
}

/// What was read: the Arrow formats, and each value as text, NULL as "~".
struct Table {
  std::vector<std::string> formats;
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

inline std::string TextOf(const ArrowColumn& column, int64_t row) {
  if (column.IsNull(row)) return "~";
  switch (column.type().kind) {
    case Kind::kBoolean:
      return column.Boolean(row) ? "true" : "false";
    case Kind::kReal:
      return FormatReal(column.Real(row));
    case Kind::kDecimal:
      return FormatDecimal(column.Decimal(row), column.type().scale);
    case Kind::kText:
    case Kind::kBinary:
      return std::string(column.Bytes(row));
    default:
      return column.type().is_unsigned ? std::to_string(column.Unsigned(row))
                                       : std::to_string(column.Integer(row));
  }
}

inline Table ReadAll(BatchSource& source) {
  Table table;
  const Unique<ArrowSchema> schema = source.Schema();
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema->n_children; ++i) {
    columns.emplace_back(*schema->children[i], "read back");
    table.formats.emplace_back(schema->children[i]->format);
    table.names.emplace_back(schema->children[i]->name);
  }
  for (Unique<ArrowArray> batch = source.Next(); !batch.IsEmpty();
       batch = source.Next()) {
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i].SetArray(*batch->children[i], 0, batch->length);
    }
    for (int64_t row = 0; row < batch->length; ++row) {
      table.rows.emplace_back();
      for (const ArrowColumn& column : columns) {
        table.rows.back().push_back(TextOf(column, row));
      }
    }
  }
  return table;
}

/// A SQLite file of its own and a connection to it.
class Database {
 public:
  Database()
      : folder_(MakeFolder()),
        connection_(ConnectionString()),
        dialect_(MakeDialect(connection_)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { std::filesystem::remove_all(folder_); }

  /// What is in it goes with the database.
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::string ConnectionString(const std::string& more = "") const {
    return "Driver=SQLite3;Database=" + (folder_ / "test.db").string() +
           ";StepAPI=1;NoWCHAR=1;Timeout=50" + more;
  }
  odbc::Connection& connection() { return connection_; }
  const Dialect& dialect() { return *dialect_; }

  void Run(const std::string& sql) {
    dialect_->Execute(connection_, sql, "prepare a test");
  }
  /// The first value of a query, as SQLite itself writes it.
  std::string Ask(const std::string& sql) {
    odbc::Statement statement(connection_, "ask");
    statement.ExecuteDirect(sql);
    return statement.Fetch() ? statement.Text(1).value_or("NULL") : "no row";
  }
  Table Read(const std::string& sql, const ReadOptions& options = {}) {
    TableReader reader(connection_, *dialect_, sql, options);
    return ReadAll(reader);
  }
  WriteOutcome Write(Unique<ArrowArrayStream> stream, const WriteRequest& request) {
    return TableWriter(connection_, *dialect_, request, [] {}).Write(*stream);
  }
  WriteOutcome Write(Frame frame, const WriteRequest& request) {
    return Write(StreamOf(std::move(frame)), request);
  }
  /// Names of all tables and views, to see that nothing is left.
  std::string Relations() {
    return Ask(
        "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master "
        "ORDER BY name)");
  }

 private:
  static std::filesystem::path MakeFolder() {
    std::string name = std::filesystem::temp_directory_path() / "aft_test_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("no folder for a test");
    return name;
  }

  std::filesystem::path folder_;
  odbc::Connection connection_;
  std::unique_ptr<Dialect> dialect_;
};

inline WriteRequest Overwrite(const std::string& name) {
  WriteRequest request;
  request.relation = {"", "main", name};
  return request;
}

inline WriteRequest AppendTo(const std::string& name) {
  WriteRequest request = Overwrite(name);
  request.mode = WriteMode::kAppend;
  return request;
}

/// The message of the Error that `work` throws, or "" where it throws none.
inline std::string ErrorOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace aft::test
