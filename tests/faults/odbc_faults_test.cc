// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/faults/fault_driver.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::AppendTo;
using test::Database;
using test::ErrorOf;
using test::Frame;
using test::Overwrite;
using test::Table;
using ::testing::AnyOf;
using ::testing::HasSubstr;

/// More failures than any of the work below makes calls.
constexpr int kMostCalls = 2000;

/// The controls of the very library that the driver manager loads as a driver.
struct Controls {
  Controls() : library(::dlopen(AFT_FAULT_DRIVER, RTLD_NOW)) {
    Load("aft_fault_use", use);
    Load("aft_fault_arm", arm);
    Load("aft_fault_lengths", lengths);
    Load("aft_fault_row", row);
    Load("aft_fault_arrays", arrays);
    Load("aft_fault_rename", rename);
    Load("aft_fault_count", count);
    Load("aft_fault_function", function);
    Load("aft_fault_open_handles", open_handles);
    use(AFT_SQLITE_DRIVER);
  }
  template <typename Function>
  void Load(const char* name, Function*& function_pointer) const {
    function_pointer = reinterpret_cast<Function*>(::dlsym(library, name));
    if (function_pointer == nullptr) throw std::runtime_error(::dlerror());
  }

  void* library;
  decltype(aft_fault_use)* use = nullptr;
  decltype(aft_fault_arm)* arm = nullptr;
  decltype(aft_fault_lengths)* lengths = nullptr;
  decltype(aft_fault_row)* row = nullptr;
  decltype(aft_fault_arrays)* arrays = nullptr;
  decltype(aft_fault_rename)* rename = nullptr;
  decltype(aft_fault_count)* count = nullptr;
  decltype(aft_fault_function)* function = nullptr;
  decltype(aft_fault_open_handles)* open_handles = nullptr;
};

struct Fault {
  const char* name;
  FaultMoment moment;
  bool for_good;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

Controls& controls() {
  static Controls controls;
  return controls;
}

/// The connection string of a database, but through the driver that fails.
std::string FailingConnection(const Database& database) {
  std::string string = database.ConnectionString();
  string.replace(0, string.find(';'), "Driver=" AFT_FAULT_DRIVER);
  return string;
}

/// A database with a table `t`, worked on through the driver that fails.
class OdbcFaults : public ::testing::TestWithParam<Fault> {
 protected:
  OdbcFaults() {
    database_.Run("CREATE TABLE t (a INTEGER, s TEXT)");
    database_.Run("INSERT INTO t VALUES (42, 'old')");
  }

  /// Lets the first, the second, … call fail until the work gets through without. Gives
  /// how many failures there were.
  int FailEach(const std::function<void(odbc::Connection&, const Dialect&)>& work,
               const std::function<void(bool has_failed)>& check) {
    for (int number = 1; number < kMostCalls; ++number) {
      const auto [name, moment, for_good] = GetParam();
      controls().arm("", number, moment, "HY999", for_good ? 1 : 0);
      const std::string error = ErrorOf([&] {
        odbc::Connection connection(FailingConnection(database_));
        const std::unique_ptr<Dialect> dialect = MakeDialect(connection);
        work(connection, *dialect);
      });
      const bool was_hit = controls().count() > 0;
      const std::string function = controls().function();
      controls().arm("", 0, kFaultInstead, "", 0);
      SCOPED_TRACE(Text("call ", number, ", ", function, ": ", error));
      if (!error.empty()) {
        EXPECT_THAT(error, HasSubstr("HY999 injected into SQL"));
        EXPECT_THAT(error, HasSubstr("cannot "));
      }
      check(!error.empty());
      EXPECT_EQ(controls().open_handles(), 0);
      if (!was_hit) return number - 1;
      if (::testing::Test::HasFailure()) return number;
    }
    ADD_FAILURE() << "it never gets through";
    return kMostCalls;
  }

  std::string Rows() {
    return database_.Ask(
        "SELECT group_concat(a || s) FROM (SELECT a, s FROM t ORDER BY a)");
  }

  Database database_;
};

Frame NewRows() { return Frame().Integers("a", {1, 2, 3}).Texts("s", {"x", "y", "z"}); }

INSTANTIATE_TEST_SUITE_P(Fails, OdbcFaults,
                         ::testing::Values(Fault{"Instead", kFaultInstead, false},
                                           Fault{"ForGood", kFaultInstead, true},
                                           Fault{"Afterwards", kFaultAfterwards, false}),
                         [](const auto& test) { return test.param.name; });

TEST_P(OdbcFaults, AnOverwriteIsWholeOrHasNotHappened) {
  const int failures = FailEach(
      [](odbc::Connection& connection, const Dialect& dialect) {
        TableWriter(connection, dialect, Overwrite("t"), [] {
        }).Write(*StreamOf(NewRows()));
      },
      [this](bool has_failed) {
        // Where a commit's answer was lost, it may have happened all the same.
        const std::string rows = Rows();
        EXPECT_THAT(rows, AnyOf("1x,2y,3z", "42old"));
        EXPECT_TRUE(has_failed || rows == "1x,2y,3z");
        EXPECT_EQ(database_.Relations(), "t");
        EXPECT_EQ(database_.Ask("PRAGMA integrity_check"), "ok");
        database_.Run("DELETE FROM t");
        database_.Run("INSERT INTO t VALUES (42, 'old')");
      });

  EXPECT_GT(failures, 20);
}

TEST_P(OdbcFaults, AnAppendIsWholeOrHasNotHappened) {
  const int failures = FailEach(
      [](odbc::Connection& connection, const Dialect& dialect) {
        TableWriter(connection, dialect, AppendTo("t"), [] {
        }).Write(*StreamOf(NewRows()));
      },
      [this](bool has_failed) {
        const std::string rows = Rows();
        EXPECT_THAT(rows, AnyOf("1x,2y,3z,42old", "42old"));
        EXPECT_TRUE(has_failed || rows == "1x,2y,3z,42old");
        database_.Run("DELETE FROM t WHERE a < 42");
      });

  EXPECT_GT(failures, 20);
}

TEST_P(OdbcFaults, AnUpsertIsWholeOrHasNotHappened) {
  WriteRequest upsert = AppendTo("t");
  upsert.mode = WriteMode::kUpsert;
  upsert.unique_key = {"a"};
  const int failures = FailEach(
      [&upsert](odbc::Connection& connection, const Dialect& dialect) {
        TableWriter(connection, dialect, upsert, [] {
        }).Write(*StreamOf(Frame().Integers("a", {1, 42}).Texts("s", {"x", "new"})));
      },
      [this](bool has_failed) {
        const std::string rows = Rows();
        EXPECT_THAT(rows, AnyOf("1x,42new", "42old"));
        EXPECT_TRUE(has_failed || rows == "1x,42new");
        EXPECT_EQ(database_.Relations(), "t");
        database_.Run("DELETE FROM t WHERE a < 42");
        database_.Run("UPDATE t SET s = 'old'");
      });

  EXPECT_GT(failures, 20);
}

/// Rows that the driver loses, and says nothing.
class OdbcLostRows : public ::testing::TestWithParam<WriteMode> {
 protected:
  OdbcLostRows() {
    controls().arrays(kArraysWhole);
    database_.Run("CREATE TABLE t (a INTEGER, s TEXT)");
  }
  ~OdbcLostRows() override { controls().arrays(kArraysWhole); }

  std::string Write() {
    WriteRequest request = AppendTo("t");
    request.mode = GetParam();
    if (HasKey(request.mode)) request.unique_key = {"a"};
    return ErrorOf([&] {
      odbc::Connection connection(FailingConnection(database_));
      const std::unique_ptr<Dialect> dialect = MakeDialect(connection);
      TableWriter(connection, *dialect, request, [] {}).Write(*StreamOf(NewRows()));
    });
  }

  Database database_;
};

constexpr std::array<const char*, 4> kModes = {"Overwrite", "Append", "Upsert",
                                               "DeleteInsert"};

INSTANTIATE_TEST_SUITE_P(Modes, OdbcLostRows,
                         ::testing::Values(WriteMode::kOverwrite, WriteMode::kAppend,
                                           WriteMode::kUpsert, WriteMode::kDeleteInsert),
                         [](const auto& test) { return kModes.at(test.index); });

TEST_P(OdbcLostRows, AreMissed) {
  controls().arrays(kRowsLost);

  EXPECT_THAT(Write(), HasSubstr("3 rows were sent, and the database has taken 0; does"));
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM t"), "0");
}

TEST_P(OdbcLostRows, AreNotSeenWhereThereAreNone) {
  database_.Run("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END");

  EXPECT_EQ(Write(), "");
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM t"), "3");
}

TEST_P(OdbcFaults, AReadGivesAllRowsOrAnError) {
  database_.Run("INSERT INTO t SELECT 42 + value, 'more' FROM json_each('[1,2,3]')");
  Table table;
  const int failures = FailEach(
      [&table](odbc::Connection& connection, const Dialect& dialect) {
        table = {};
        TableReader reader(connection, dialect, "SELECT * FROM t ORDER BY a",
                           {.batch_rows = 2});
        table = test::ReadAll(reader);
      },
      [&table](bool has_failed) { EXPECT_TRUE(has_failed || table.rows.size() == 4); });

  EXPECT_GT(failures, 20);
}

/// Texts and bytes around the sizes of the reader's buffers, read through the driver
/// that gives odd lengths.
class OdbcLengths : public ::testing::Test {
 protected:
  static constexpr std::array<int, 9> kSizes = {0,    1,    1022, 1023, 1024,
                                                1025, 4095, 4096, 20000};

  OdbcLengths() {
    database_.Run("CREATE TABLE t (n INTEGER, s TEXT, b BLOB)");
    for (const int size : kSizes) {
      database_.Run(Text("INSERT INTO t VALUES (", size, ", replace(hex(zeroblob(", size,
                         ")), '00', 'x'), CAST(replace(hex(zeroblob(", size,
                         ")), '00', 'y') AS BLOB))"));
    }
  }
  ~OdbcLengths() override { controls().lengths(kLengthTrue); }

  Table Read(FaultLength lengths) {
    controls().lengths(lengths);
    odbc::Connection connection(FailingConnection(database_));
    const std::unique_ptr<Dialect> dialect = MakeDialect(connection);
    TableReader reader(connection, *dialect, "SELECT * FROM t ORDER BY n",
                       {.batch_rows = 1000});
    return test::ReadAll(reader);
  }

  static void CheckWhole(const Table& table) {
    ASSERT_EQ(table.rows.size(), kSizes.size());
    for (size_t i = 0; i < kSizes.size(); ++i) {
      const auto size = static_cast<size_t>(kSizes.at(i));
      EXPECT_EQ(table.rows[i][1], std::string(size, 'x'));
      EXPECT_EQ(table.rows[i][2], std::string(size, 'y'));
    }
  }

  Database database_;
};

TEST_F(OdbcLengths, AreRightAsTheDriverGivesThem) { CheckWhole(Read(kLengthTrue)); }

TEST_F(OdbcLengths, MayBeUnknown) { CheckWhole(Read(kLengthUnknown)); }

TEST_F(OdbcLengths, MayBeOfWhatWasDeliveredOnly) { CheckWhole(Read(kLengthCut)); }

TEST_F(OdbcLengths, ThatMeanNothingAreAnError) {
  EXPECT_EQ(ErrorOf([this] { (void)Read(kLengthNegative); }),
            "cannot run the query: column 'n', row 1: the driver gives a length of -7");
}

TEST_F(OdbcLengths, OfMoreThanThereIsAreAnError) {
  EXPECT_EQ(ErrorOf([this] { (void)Read(kLengthTooMuch); }),
            "cannot run the query: column 'n', row 1: the driver gives other bytes than "
            "it announced");
}

/// Rows of numbers, which come several a fetch, read through the driver that is at fault.
class OdbcBlocks : public ::testing::Test {
 protected:
  static constexpr int kRows = 5000;

  OdbcBlocks() {
    database_.Run("CREATE TABLE t (n INTEGER, r REAL, s VARCHAR(9))");
    database_.Run(
        Text("INSERT INTO t WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
             "FROM c WHERE i < ",
             kRows, ") SELECT i, i / 8.0, 'abcdef' || i FROM c"));
    controls().rename("another database");
  }
  ~OdbcBlocks() override {
    controls().row(0);
    controls().lengths(kLengthTrue);
    controls().rename("");
  }

  Table Read(const std::string& sql) {
    odbc::Connection connection(FailingConnection(database_));
    const std::unique_ptr<Dialect> dialect = MakeDialect(connection);
    TableReader reader(connection, *dialect, sql, {});
    return test::ReadAll(reader);
  }

  Database database_;
};

TEST_F(OdbcBlocks, AreReadRowByRow) {
  const Table table = Read("SELECT n, r FROM t");

  ASSERT_EQ(table.rows.size(), static_cast<size_t>(kRows));
  EXPECT_EQ(table.rows[4321], (std::vector<std::string>{"4322", "540.25"}));
}

TEST_F(OdbcBlocks, NeverGiveTheRowBeforeForOneInError) {
  controls().row(3);

  EXPECT_EQ(
      ErrorOf([this] { (void)Read("SELECT n, r FROM t"); }),
      "cannot run the query: SQLFetch: HY000 injected into SQLFetch; row 3 could not "
      "be read");
}

TEST_F(OdbcBlocks, AreNeverLargerThanTheirBuffers) {
  for (int number = 1; number < kMostCalls; ++number) {
    controls().arm("SQLGetStmtAttr", number, kFaultInstead, "HY999", 0);
    const std::string error = ErrorOf([this] { (void)Read("SELECT n FROM t"); });
    const bool was_hit = controls().count() > 0;
    controls().arm("", 0, kFaultInstead, "", 0);

    EXPECT_THAT(error, AnyOf("", HasSubstr("HY999 injected into SQLGetStmtAttr")));
    if (!was_hit) break;
  }
}

TEST_F(OdbcBlocks, AreRefusedWithLengthsThatMeanNothing) {
  controls().lengths(kLengthNegative);

  EXPECT_EQ(ErrorOf([this] { (void)Read("SELECT n, r FROM t WHERE n < 4"); }),
            "cannot run the query: column 'n', row 3: the driver gives a length of -7");
}

TEST_F(OdbcBlocks, AreRefusedWhereAValueIsLongerThanItsColumn) {
  odbc::Connection connection(FailingConnection(database_));
  ReadPlan plan{"SELECT s FROM t WHERE n < 30", {}, CutValues::kNever};
  plan.columns.emplace_back().name = "s";
  plan.columns[0].width = 7;
  auto query =
      std::make_unique<PreparedQuery>(connection, Query{plan.sql}, "run the query");
  BlockCursor cursor(connection, std::move(query), /*has_run=*/false, plan, 100);
  RowBlock block;

  EXPECT_EQ(ErrorOf([&] { (void)cursor.Fill(block); }),
            "cannot run the query: column 's', row 10: the value has 8 bytes, more than "
            "the 7 of its column");
}

}  // namespace
}  // namespace aft
