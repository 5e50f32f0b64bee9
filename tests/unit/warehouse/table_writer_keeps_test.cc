// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/sqlite_dialect.h"
#include "plugin/warehouse/write/table_writer.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::AppendTo;
using test::Database;
using test::ErrorOf;
using test::Frame;
using test::Overwrite;
using test::StreamOf;

/// A database with a table `t` of one row, and a view on it.
class TableWriterKeeps : public ::testing::Test {
 protected:
  TableWriterKeeps() {
    database_.Run("CREATE TABLE t (a INT)");
    database_.Run("INSERT INTO t VALUES (42)");
    database_.Run("CREATE VIEW v AS SELECT a FROM t");
  }
  void ExpectTheOldTable() {
    EXPECT_EQ(database_.Relations(), "t v");
    EXPECT_EQ(database_.Ask("SELECT group_concat(a) FROM t"), "42");
    EXPECT_EQ(database_.Ask("SELECT sql FROM sqlite_master WHERE name = 't'"),
              "CREATE TABLE t (a INT)");
    EXPECT_EQ(database_.Ask("PRAGMA legacy_alter_table"), "0");
  }

  Database database_;
};

TEST_F(TableWriterKeeps, ViewsOnTheTableThatItReplaces) {
  database_.Write(Frame().Integers("a", {5}), Overwrite("T"));

  EXPECT_EQ(database_.Relations(), "T v");
  EXPECT_EQ(database_.Ask("SELECT a FROM v"), "5");
  EXPECT_EQ(database_.Ask("PRAGMA legacy_alter_table"), "0");
}

TEST_F(TableWriterKeeps, NoViewOfABareNameThatReadsWhatIsGone) {
  database_.Run("DROP TABLE t");
  WriteRequest request = Overwrite("v");
  request.relation.schema = "";

  database_.Write(Frame().Integers("a", {5}), request);

  EXPECT_EQ(database_.Relations(), "v");
  EXPECT_EQ(database_.Ask("SELECT a FROM v"), "5");
}

TEST_F(TableWriterKeeps, NothingThatEarlierWritesHaveLeft) {
  database_.Run("CREATE TABLE aft_staging_0123456789abcdef (a INT)");
  database_.Run("CREATE VIEW aft_old_0123456789abcdef AS SELECT 1");
  database_.Run("CREATE TABLE aft_old_mine (a INT)");
  // As long as a name of ours.
  database_.Run("CREATE TABLE aft_old_orders_till_2024 (a INT)");
  database_.Run("CREATE VIEW aft_staging_customers_of_may AS SELECT 1");

  database_.Write(Frame().Integers("a", {5}), Overwrite("t"));

  EXPECT_EQ(database_.Relations(),
            "aft_old_mine aft_old_orders_till_2024 aft_staging_customers_of_may t v");
}

TEST_F(TableWriterKeeps, TheOldTableWhenTheStreamFails) {
  for (const WriteRequest& request : {Overwrite("t"), AppendTo("t")}) {
    std::vector<Frame> frames;
    frames.push_back(Frame().Integers("a", {1, 2}));
    Unique<ArrowArrayStream> stream = StreamOf(std::move(frames), "ValueError: boom");

    EXPECT_EQ(ErrorOf([&] { database_.Write(std::move(stream), request); }),
              std::string("cannot ") +
                  (request.mode == WriteMode::kAppend ? "append to" : "write") +
                  " 'main.t': the frame's next batch failed: ValueError: boom");
    ExpectTheOldTable();
  }
}

TEST_F(TableWriterKeeps, TheOldTableWhenItIsStoppedAtAnyPoint) {
  bool completed = false;
  for (int n = 1; !completed; ++n) {
    int left = n;
    const std::vector<std::optional<int64_t>> values(9000, 7);
    Unique<ArrowArrayStream> stream = StreamOf(Frame().Integers("a", values));
    TableWriter writer(database_.connection(), database_.dialect(), Overwrite("t"), [&] {
      if (--left == 0) throw Error("stopped");
    });

    completed = ErrorOf([&] { writer.Write(*stream); }).empty();
    if (!completed) ExpectTheOldTable();
  }
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM v"), "9000");
}

/// Has one more statement that fails among those that swap.
class FailingSwap {
 public:
  static std::string At(Database& database, size_t place) {
    const FailingDialect dialect(database.connection(), place);
    Unique<ArrowArrayStream> stream = StreamOf(Frame().Integers("a", {1}));
    return ErrorOf([&] {
      TableWriter(database.connection(), dialect, Overwrite("t"), [] {}).Write(*stream);
    });
  }

 private:
  class FailingStatements final : public WriteStatements {
   public:
    FailingStatements(odbc::Connection& connection, size_t place)
        : WriteStatements(NamesOf(connection), /*has_transactional_ddl=*/false),
          place_(place) {}
    [[nodiscard]] std::vector<WriteStep> Swap(
        const Relation& staging, const Relation& target, RelationKind kind,
        const std::vector<std::string>& then) const override {
      std::vector<WriteStep> steps = WriteStatements::Swap(staging, target, kind, then);
      const auto at = static_cast<std::ptrdiff_t>(std::min(place_, steps.size()));
      steps.insert(steps.begin() + at, {"DROP TABLE nowhere", ""});
      return steps;
    }

   private:
    size_t place_;
  };

  class FailingDialect final : public Dialect {
   public:
    FailingDialect(odbc::Connection& connection, size_t place)
        : Dialect(std::make_unique<FailingStatements>(connection, place)) {}
    [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
                                    const std::string& doing) const override {
      return sqlite_.Find(connection, relation, doing);
    }

   private:
    SqliteDialect sqlite_;
  };
};

TEST_F(TableWriterKeeps, TheOldTableWhenTheSwapFailsAtAnyStatement) {
  database_.Run("DROP VIEW v");
  for (size_t place = 0; place <= 2; ++place) {
    EXPECT_EQ(
        FailingSwap::At(database_, place),
        "cannot write 'main.t': SQLExecDirect: HY000 [SQLite]no such table: nowhere "
        "(1)");
    EXPECT_EQ(database_.Relations(), "t");
    EXPECT_EQ(database_.Ask("SELECT a FROM t"), "42");
  }
}

/// Where another session renames the table during the second look, and a driver says so.
class OvertakingDialect final : public Dialect {
 public:
  explicit OvertakingDialect(odbc::Connection& connection)
      : Dialect(std::make_unique<WriteStatements>(NamesOf(connection),
                                                  /*has_transactional_ddl=*/false)) {}
  [[nodiscard]] RelationKind Find(Connection& connection, const Relation& relation,
                                  const std::string& doing) const override {
    return ++looks_ == 2 ? RelationKind::kMissing
                         : sqlite_.Find(connection, relation, doing);
  }
  std::optional<int64_t> Execute(Connection& connection, std::string_view sql,
                                 const std::string& doing) const override {
    try {
      return sqlite_.Execute(connection, sql, doing);
    } catch (const DatabaseError& error) {
      throw DatabaseError(doing, error.function(), {{"42S01", 0, "exists"}}, "");
    }
  }
  [[nodiscard]] int looks() const { return looks_; }

 private:
  mutable int looks_ = 0;
  SqliteDialect sqlite_;
};

TEST_F(TableWriterKeeps, LookingForATableThatAnotherSessionRenames) {
  database_.Run("DROP VIEW v");
  const OvertakingDialect dialect(database_.connection());
  Unique<ArrowArrayStream> stream = StreamOf(Frame().Integers("a", {1}));

  (void)TableWriter(database_.connection(), dialect, Overwrite("t"), [] {
  }).Write(*stream);

  EXPECT_EQ(dialect.looks(), 3);
  EXPECT_EQ(database_.Relations(), "t");
  EXPECT_EQ(database_.Ask("SELECT a FROM t"), "1");
}

TEST_F(TableWriterKeeps, TheOldTableWhenAValueDoesNotFit) {
  const auto write = [&](Frame frame) {
    return ErrorOf([&] { database_.Write(std::move(frame), Overwrite("t")); });
  };

  EXPECT_EQ(write(Frame().Fixed<uint64_t>("L", "u", {1, 1ULL << 63})),
            "cannot write 'main.t': column 'u', row 2 holds the integer "
            "9223372036854775808, which is beyond 64 bits with a sign; give the column a "
            "text type with dtype");
  ExpectTheOldTable();
  EXPECT_EQ(write(Frame().Texts("s", {"ok", "\xC3"})),
            "cannot write 'main.t': column 's', row 2 holds text that isn't valid UTF-8");
  ExpectTheOldTable();
  EXPECT_EQ(
      write(Frame().Fixed<int32_t>("tdD", "d", {2932897})),
      "cannot write 'main.t': column 'd', row 1 holds a date or time outside of the "
      "years 1 to 9999");
  ExpectTheOldTable();
}

TEST_F(TableWriterKeeps, TheOldTableFromFramesWithoutSense) {
  const auto write = [&](Frame frame, const std::string& name = "t") {
    return ErrorOf([&] { database_.Write(std::move(frame), Overwrite(name)); });
  };

  EXPECT_EQ(write(Frame()), "cannot write 'main.t': the frame has no columns");
  EXPECT_EQ(write(Frame().Integers("a", {1}).Integers("b", {1}).Integers("A", {1})),
            "cannot write 'main.t': columns 1 and 3 of the frame are both named 'A' but "
            "for their case");
  EXPECT_EQ(write(Frame().Integers("a", {1}).Integers("a", {1})),
            "cannot write 'main.t': columns 1 and 2 of the frame are both named 'a'");
  EXPECT_EQ(write(Frame().Integers("a", {1}).Integers("", {1})),
            "cannot write 'main.t': column 2 of the frame has no name");
  EXPECT_EQ(write(Frame().Integers("a", {1}), ""),
            "cannot quote an identifier: it is empty");
  ExpectTheOldTable();
}

TEST_F(TableWriterKeeps, RowsApartFromAppendsThatDoNotFit) {
  EXPECT_EQ(ErrorOf([&] {
              database_.Write(Frame().Integers("a", {1}).Integers("b", {1}),
                              AppendTo("t"));
            }),
            "cannot append to 'main.t': the table has no column 'b'; add it, leave it "
            "out of the frame, or choose another on_schema_change");
  EXPECT_EQ(
      ErrorOf([&] { database_.Write(Frame().Integers("a", {1}), AppendTo("v")); }),
      "cannot append to 'main.v': it is a view, which takes no rows; overwrite it or "
      "choose another name");
  EXPECT_EQ(ErrorOf([&] { database_.Write(Frame().Texts("a", {"1"}), AppendTo("t")); }),
            "cannot append to 'main.t': the frame's column 'a' holds text, which would "
            "change in the table's column of type 'INT'; convert it first");
  EXPECT_EQ(
      ErrorOf([&] { database_.Write(Frame().Reals("a", {2, 0.5}), AppendTo("t")); }),
      "cannot append to 'main.t': column 'a', row 2 holds the double 0.5, and the "
      "table's column of type 'INT' holds integers");
  ExpectTheOldTable();
}

}  // namespace
}  // namespace aft
