// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plugin/warehouse/odbc/connection.h"
#include "plugin/warehouse/write/array_encoder.h"
#include "plugin/warehouse/write/pipeline.h"
#include "plugin/warehouse/write/row_sink.h"

namespace aft {

/// A column on its way into a table of PostgreSQL's.
struct ArraySource {
  ArrayEncoder encoder;
  /// The table's column, quoted.
  std::string target;
};

/// Sends thousands of rows at a time to PostgreSQL, each column of them as one parameter:
/// an array in binary form. The next ones are encoded while the server takes the last.
///
/// psqlodbc 13.02 passes SQL_C_BINARY as SQL_VARBINARY on as the bytes of a binary
/// parameter, whatever its type, if the statement is never prepared and the cast is right
/// behind the mark.
class ArrayColumns final : public RowSink {
 public:
  /// `table` is the target's name in SQL. `make_again` makes it where a rollback has
  /// taken it back. `connection` has to outlive the sink.
  ArrayColumns(odbc::Connection& connection, const std::string& table,
               std::vector<ArraySource> columns, std::function<void()> make_again,
               std::string doing);

  void Insert(const ArrowArray& batch,
              const std::function<void()>& between_rows) override;
  void Finish() override;
  void Wait() override { pipeline_.Wait(); }
  [[nodiscard]] std::string_view name() const override { return kName; }
  [[nodiscard]] int64_t rows() const override { return rows_; }
  [[nodiscard]] int64_t bytes() const override { return bytes_; }
  [[nodiscard]] std::optional<int64_t> taken() const override { return taken_; }

  static constexpr std::string_view kName = "array columns";

 private:
  /// Rows of all columns, as the server takes them.
  struct Block {
    std::vector<std::string> arrays;
    int64_t first_row = 0;
    int64_t rows = 0;
  };

  [[nodiscard]] Block& filling() { return blocks_.at(filling_); }
  void Append(int64_t from, int64_t count);
  /// Sends the block that is being filled, and goes on with the other one.
  void Send();
  void Execute(Block& block);
  /// Sends `count` rows of the block, from `from` on.
  void Insert(Block& block, int64_t from, int64_t count);
  [[nodiscard]] std::string Sql(const Block& block, int64_t from, int64_t count) const;

  odbc::Connection& connection_;
  std::vector<ArraySource> columns_;
  std::function<void()> make_again_;
  std::string doing_;
  std::string insert_;
  std::array<Block, 2> blocks_;
  size_t filling_ = 0;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  std::optional<int64_t> taken_ = 0;
  /// Last, so that it has ended before what it works on goes.
  Pipeline pipeline_;
};

}  // namespace aft
