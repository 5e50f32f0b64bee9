// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/connection/transaction.h"
#include "plugin/warehouse/dialects/sqlite_dialect.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::AppendTo;
using test::Database;
using test::ErrorOf;
using test::Frame;
using test::Overwrite;
using test::StreamOf;
using test::Table;
using ::testing::ElementsAre;

using Row = std::vector<std::string>;

TEST(TableWriter, WritesWhatTheReaderReadsForEveryType) {
  Database database;
  constexpr auto kLowest = std::numeric_limits<int64_t>::min();
  constexpr auto kHighest = std::numeric_limits<int64_t>::max();
  const std::string nul("a\0b", 3);

  const WriteOutcome outcome = database.Write(
      Frame()
          .Integers("i", {kLowest, kHighest, 0, std::nullopt})
          .Reals("r", {5e-324, -HUGE_VAL, 0.1 + 0.2, std::nullopt})
          .Texts("s", {"😀", nul, "", std::nullopt})
          .Bytes("b", {nul, "\xFF\xFE", "", std::nullopt})
          .Booleans("o", {true, false, true, std::nullopt})
          .Fixed<int32_t>("tdD", "d", {-719162, 2932896, 0, std::nullopt})
          .Fixed<int64_t>("tsu:", "p", {-1, 253402300799999999, 0, std::nullopt})
          .Fixed<int64_t>("ttu", "z", {0, 86399999999, 1, std::nullopt}),
      Overwrite("t"));

  EXPECT_EQ(outcome.rows, 4);
  const Table table = database.Read("SELECT * FROM t");
  EXPECT_THAT(table.formats, ElementsAre("l", "g", "u", "z", "b", "tdD", "tsu:", "ttu"));
  EXPECT_THAT(
      table.rows,
      ElementsAre(
          Row{"-9223372036854775808", "5e-324", "😀", nul, "true", "-719162", "-1", "0"},
          Row{"9223372036854775807", "-inf", nul, "\xFF\xFE", "false", "2932896",
              "253402300799999999", "86399999999"},
          Row{"0", "0.30000000000000004", "", "", "true", "0", "0", "1"}, Row(8, "~")));
}

TEST(TableWriter, KeepsTheUnitAndTheInstantOfTimestamps) {
  Database database;

  database.Write(Frame()
                     .Fixed<int64_t>("tss:", "s", {1})
                     .Fixed<int64_t>("tsm:", "m", {1})
                     .Fixed<int64_t>("tsn:", "n", {1})
                     .Fixed<int64_t>("tsu:Europe/Berlin", "z", {1})
                     .Fixed<int32_t>("tts", "t", {1})
                     .Fixed<int64_t>("ttn", "u", {1}),
                 Overwrite("t"));

  const Table table = database.Read("SELECT * FROM t");
  EXPECT_THAT(table.formats,
              ElementsAre("tss:", "tsm:", "tsn:", "tsu:UTC", "tts", "ttn"));
  EXPECT_THAT(table.rows, ElementsAre(Row(6, "1")));
}

TEST(TableWriter, DeclaresTheTypesOfItsTable) {
  Database database;

  WriteRequest request = Overwrite("t");
  request.column_types = {{"s", "VARCHAR(7)"}};
  database.Write(Frame()
                     .Fixed<int8_t>("c", "i", {1})
                     .Texts("s", {"x"})
                     .Fixed<Int128>("d:10,2", "d", {12345})
                     .Fixed<Int128>("d:38,2", "e", {12345})
                     .Fixed<int64_t>("tsm:UTC", "p", {0})
                     .Add("n", "n", MakeArray(1, 1, {})),
                 request);

  EXPECT_EQ(database.Ask("SELECT sql FROM sqlite_master"),
            "CREATE TABLE \"t\" (\"i\" INTEGER, \"s\" VARCHAR(7), \"d\" DECIMAL(10, 2), "
            "\"e\" TEXT, \"p\" TIMESTAMPTZ_MS, \"n\")");
  EXPECT_THAT(database.Read("SELECT d, e, n FROM t").rows,
              ElementsAre(Row{"123.45", "123.45", "~"}));
}

TEST(TableWriter, WritesDecimalsOfManyPlaces) {
  Database database;

  database.Write(Frame().Fixed<Int128>("d:38,70", "d", {-12345, 1}), Overwrite("t"));

  EXPECT_THAT(database.Read("SELECT d FROM t").rows,
              ElementsAre(Row{"-0." + std::string(65, '0') + "12345"},
                          Row{"0." + std::string(69, '0') + "1"}));
}

TEST(TableWriter, TurnsNumbersIntoTextExactlyWhereToldTo) {
  Database database;
  WriteRequest request = Overwrite("t");
  request.column_types = {{"u", "TEXT"}, {"r", "TEXT"}, {"b", "TEXT"}};

  database.Write(Frame()
                     .Fixed<uint64_t>("L", "u", {std::numeric_limits<uint64_t>::max()})
                     .Reals("r", {0.1 + 0.2})
                     .Booleans("b", {false}),
                 request);

  EXPECT_THAT(database.Read("SELECT * FROM t").rows,
              ElementsAre(Row{"18446744073709551615", "0.30000000000000004", "false"}));
}

TEST(TableWriter, RefusesNotANumberWhereItWouldBecomeNull) {
  Database database;

  EXPECT_EQ(ErrorOf([&] {
              database.Write(Frame().Reals("r", {1, std::nan("")}), Overwrite("t"));
            }),
            "cannot write 'main.t': column 'r', row 2 holds NaN (not a number), and "
            "the table's column of type 'REAL' can't hold that");
}

TEST(TableWriter, StoresDecimalsInNumbersIfTheyKeepTheirDigits) {
  Database database;
  database.Run("CREATE TABLE t (n NUMERIC(6, 2), d DATE, p TIMESTAMP)");

  database.Write(Frame()
                     .Fixed<Int128>("d:38,2", "n", {12345, 100})
                     .Fixed<int64_t>("tsu:", "d", {0, 86'400'000'000})
                     .Fixed<int32_t>("tdD", "p", {0, 1}),
                 AppendTo("t"));

  EXPECT_EQ(database.Ask("SELECT group_concat(quote(n) || d || p) FROM t"),
            "123.451970-01-011970-01-01 00:00:00,11970-01-021970-01-02 00:00:00");
  EXPECT_EQ(ErrorOf([&] {
              database.Write(
                  Frame().Fixed<Int128>("d:38,2", "n", {Int128{10'000'000'000'000'001}}),
                  AppendTo("t"));
            }),
            "cannot append to 'main.t': column 'n', row 1 holds the decimal "
            "100000000000000.01, and the table's column of type 'NUMERIC(6, 2)' can't "
            "hold it exactly");
}

TEST(TableWriter, WritesTextThatLooksLikeSqlAsItIs) {
  Database database;

  database.Write(
      Frame().Texts("a\"; --", {"'; DROP TABLE t; --", "\\", "$$", "?", "{{x}}"}),
      Overwrite("x'y\""));

  EXPECT_EQ(database.Relations(), "x'y\"");
  EXPECT_THAT(database.Read("SELECT * FROM \"x'y\"\"\"").rows,
              ElementsAre(Row{"'; DROP TABLE t; --"}, Row{"\\"}, Row{"$$"}, Row{"?"},
                          Row{"{{x}}"}));
}

TEST(TableWriter, WritesSeveralBatchesAndTheirSlices) {
  Database database;
  std::vector<Frame> frames;
  frames.push_back(Frame().Integers("a", {1, 2}));
  frames.push_back(Frame().Integers("a", {}));
  frames.push_back(Frame().Integers("a", {3}));

  const WriteOutcome outcome =
      database.Write(StreamOf(std::move(frames)), Overwrite("t"));

  EXPECT_EQ(outcome.rows, 3);
  EXPECT_EQ(outcome.bytes, 24);
  EXPECT_EQ(database.Ask("SELECT group_concat(a) FROM t"), "1,2,3");
}

TEST(TableWriter, KeepsALongCellWhole) {
  Database database;
  std::string text;
  text.resize(10'000'000, 'x');

  database.Write(Frame().Texts("s", {"short", text, "short"}).Bytes("b", {"", text, ""}),
                 Overwrite("t"));

  EXPECT_EQ(database.Read("SELECT * FROM t").rows[1], (Row{text, text}));
}

TEST(TableWriter, WritesSixteenHundredColumns) {
  Database database;
  Frame frame;
  for (int i = 0; i < 1600; ++i) {
    frame = Frame(std::move(frame).Integers("c" + std::to_string(i), {i}));
  }

  database.Write(std::move(frame), Overwrite("t"));

  EXPECT_EQ(database.Ask("SELECT c0 + c1599 FROM t"), "1599");
}

TEST(TableWriter, PutsATableInThePlaceOfAView) {
  Database database;
  database.Run("CREATE VIEW t AS SELECT 1 AS a");

  database.Write(Frame().Integers("a", {5}), Overwrite("t"));

  EXPECT_EQ(database.Ask("SELECT type || name FROM sqlite_master"), "tablet");
}

TEST(TableWriter, RefusesColumnTypesForColumnsThatAreNotThere) {
  Database database;
  WriteRequest request = Overwrite("t");
  request.column_types = {{"b", "TEXT"}};

  EXPECT_EQ(ErrorOf([&] { database.Write(Frame().Integers("a", {1}), request); }),
            "cannot write 'main.t': dtype names a column 'b', which the frame "
            "doesn't have");
}

TEST(TableWriter, SaysThatASchemaOfSqliteIsAnAttachedDatabase) {
  Database database;
  WriteRequest request = Overwrite("t");
  request.relation.schema = "stage";

  EXPECT_EQ(
      ErrorOf([&] { database.Write(Frame().Integers("a", {1}), request); }),
      "cannot write 'stage.t': schema 'stage' is no attached database of this SQLite "
      "connection; attach it, or use 'main'");
  database.Run("ATTACH ':memory:' AS Stage");
  database.Write(Frame().Integers("a", {1}), request);
  EXPECT_EQ(database.Ask("SELECT a FROM stage.t"), "1");
}

TEST(TableWriter, KeepsTheTypesThatTheFrameFitsWhenItOverwrites) {
  Database database;
  const auto declared = [&] {
    return database.Ask(
        "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('t')");
  };
  database.Run("CREATE TABLE t (d DATE, n NUMERIC(6, 2), s TEXT, i INTEGER, x)");

  database.Write(Frame()
                     .Fixed<int64_t>("tsu:", "d", {86'400'000'000})
                     .Reals("n", {0.5})
                     .Integers("s", {1})
                     .Reals("i", {2})
                     .Integers("x", {1}),
                 Overwrite("t"));

  EXPECT_EQ(declared(), "d DATE, n NUMERIC(6, 2), s INTEGER, i INTEGER, x INTEGER");
  EXPECT_EQ(database.Ask("SELECT d || n || i FROM t"), "1970-01-020.52");
  WriteRequest request = Overwrite("t");
  const auto write = [&] {
    database.Write(Frame().Fixed<int64_t>("tsu:", "d", {1}), request);
  };
  EXPECT_THROW(write(), MisfitError);
  request.renewed = {"d"};
  write();
  EXPECT_EQ(declared(), "d TIMESTAMP");
}

TEST(TableWriter, AppendsByNameInAnyOrder) {
  Database database;
  database.Run("CREATE TABLE t (a INT, b TEXT, c REAL)");

  database.Write(Frame().Texts("B", {"x"}).Integers("a", {1}), AppendTo("t"));
  database.Write(Frame().Integers("C", {2}), AppendTo("t"));

  EXPECT_THAT(database.Read("SELECT * FROM t").rows,
              ElementsAre(Row{"1", "x", "~"}, Row{"~", "~", "2"}));
}

TEST(TableWriter, AppendsToATableThatItHasToMakeFirst) {
  Database database;

  database.Write(Frame().Integers("a", {1}), AppendTo("t"));
  database.Write(Frame().Integers("a", {2}), AppendTo("t"));

  EXPECT_EQ(database.Ask("SELECT group_concat(a) FROM t"), "1,2");
}

TEST(TableWriter, AppendsNumbersThatTheColumnHoldsExactly) {
  Database database;
  database.Run("CREATE TABLE t (i INTEGER, r REAL, s TEXT)");

  database.Write(
      Frame().Reals("i", {3, std::nullopt}).Integers("r", {4, 5}).Reals("s", {0.1, 1}),
      AppendTo("t"));

  EXPECT_EQ(database.Ask("SELECT group_concat(quote(i) || quote(r) || quote(s)) FROM t"),
            "34.0'0.1',NULL5.0'1'");
  EXPECT_EQ(
      ErrorOf([&] {
        database.Write(Frame().Integers("r", {(1LL << 53) + 1}), AppendTo("t"));
      }),
      "cannot append to 'main.t': column 'r', row 1 holds the integer "
      "9007199254740993, and the table's column of type 'REAL' can't hold it exactly");
}

TEST(TableWriter, ReadsFromTheTableThatItReplaces) {
  Database database;
  database.Run("CREATE TABLE t (a INT)");
  database.Run("INSERT INTO t VALUES (1), (2), (3)");
  Unique<ArrowArrayStream> stream = ExportStream(std::make_unique<TableReader>(
      database.connection(), database.dialect(), "SELECT a * 10 AS a FROM t",
      ReadOptions{.batch_rows = 1}));

  database.Write(std::move(stream), Overwrite("t"));

  EXPECT_EQ(database.Ask("SELECT group_concat(a) FROM t"), "10,20,30");
}

TEST(TableWriter, CompilesOneInsertForAllRowsOfASqliteTable) {
  const Database database;
  const std::string trace = database.folder() / "trace";
  odbc::Connection connection(database.ConnectionString(";Tracefile=" + trace));
  auto stream = StreamOf(Frame().Integers("a", {1, 2, 3}));

  (void)TableWriter(connection, SqliteDialect(), Overwrite("t"), [] {}).Write(*stream);

  int compiled = 0;
  std::ifstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("-- sqlite3_prepare") && line.ends_with("VALUES (?)"))
      ++compiled;
  }
  EXPECT_EQ(compiled, 1);
}

TEST(TableWriter, WaitsForNoLongerThanTheTimeout) {
  Database database;
  odbc::Connection other(database.ConnectionString());
  const Transaction transaction(other, "BEGIN IMMEDIATE", "hold");

  EXPECT_EQ(ErrorOf([&] { database.Write(Frame().Integers("a", {1}), Overwrite("t")); }),
            "cannot write 'main.t': SQLExecDirect: HY000 [SQLite]database is locked (5); "
            "another connection holds the database and didn't let go within the driver's "
            "Timeout");
}

}  // namespace
}  // namespace aft
