// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// What a write and a look at a catalog need of a connection, whatever it goes over.
namespace aft {

namespace odbc {
class Connection;
}
class BatchTaker;

/// Whether Cancel() may stop a statement. What undoes or cleans up is not to be stopped.
enum class Stop { kOnCancel, kNever };

/// What a statement that has run gives, a row at a time.
class Rows {
 public:
  Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  virtual ~Rows() = default;

  /// False for a statement that gives no rows, such as an INSERT.
  [[nodiscard]] virtual bool HasColumns() = 0;
  /// Goes on to the next row; false behind the last one.
  [[nodiscard]] virtual bool Fetch() = 0;
  /// The text of a column, from 1, of the row fetched, or nothing for NULL.
  [[nodiscard]] virtual std::optional<std::string> Text(unsigned short number) = 0;
  /// How many rows the statement has changed; -1 where that is not known.
  [[nodiscard]] virtual int64_t RowCount() = 0;
};

/// An open connection to a database.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// Runs a statement. `doing` completes "cannot …" in errors. Throws a DatabaseError.
  [[nodiscard]] virtual std::unique_ptr<Rows> Run(std::string_view sql,
                                                  const std::string& doing,
                                                  Stop stop) = 0;
  /// Starts a transaction, and ends it.
  virtual void Begin(const std::string& doing);
  virtual void End(bool commit, const std::string& doing);
  /// Around a fork: waits until no thread is within the driver, and keeps others out.
  virtual void Hold() {}
  virtual void LetGo() {}
  /// Lets go of the statement that it is busy with, on the server as well. From any
  /// thread. False where it is busy with none.
  virtual bool Cancel() { return false; }
  /// What takes a frame's rows as Arrow; null where they go by parameters.
  [[nodiscard]] virtual BatchTaker* batch_taker() { return nullptr; }
  /// This connection, for what only ODBC knows. Throws where it is of another kind.
  [[nodiscard]] virtual odbc::Connection& odbc();
};

/// One statement of a connection, to be run once.
class Statement {
 public:
  Statement(Connection& connection, std::string doing, Stop stop = Stop::kOnCancel);

  void ExecuteDirect(std::string_view sql);
  /// Each as in Rows, after ExecuteDirect().
  [[nodiscard]] bool HasColumns() { return rows_->HasColumns(); }
  [[nodiscard]] bool Fetch() { return rows_->Fetch(); }
  [[nodiscard]] std::optional<std::string> Text(unsigned short number) {
    return rows_->Text(number);
  }
  [[nodiscard]] int64_t RowCount() { return rows_->RowCount(); }

 private:
  Connection& connection_;
  std::string doing_;
  Stop stop_;
  std::unique_ptr<Rows> rows_;
};

}  // namespace aft
