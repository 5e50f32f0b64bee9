// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/table_reader.h"
#include "host_shim/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Database;
using test::ErrorOf;
using test::Table;
using ::testing::ElementsAre;

using Row = std::vector<std::string>;

TEST(TableReader, TakesNoTextOfAUnionForAnInteger) {
  Database database;
  database.Run("CREATE TABLE t (a INTEGER, b BOOLEAN)");
  database.Run("INSERT INTO t VALUES (7, 1), (NULL, NULL)");
  const auto read = [&](const std::string& more) {
    return ErrorOf([&] { (void)database.Read("SELECT a, b FROM t UNION ALL " + more); });
  };

  EXPECT_EQ(read("SELECT -7, 0"), "");
  EXPECT_EQ(
      read("SELECT '8', 1"),
      "cannot read column 'a': row 3 holds the text '8' in a column of integers; cast "
      "the column in the query to one type");
  EXPECT_NE(read("SELECT '8' || char(0) || 'x', 1"), "");
  EXPECT_NE(read("SELECT 8, '1'"), "");
}

TEST(TableReader, SeesColumnsThatAnotherConnectionHasChanged) {
  Database database;
  odbc::Connection other(database.ConnectionString());
  database.Run("CREATE TABLE t AS SELECT 1 AS a");
  EXPECT_THAT(database.Read("SELECT * FROM t").names, ElementsAre("a"));

  database.dialect().Execute(other, "DROP TABLE t", "prepare a test");
  database.dialect().Execute(other, "CREATE TABLE t AS SELECT 'x' AS b",
                             "prepare a test");

  EXPECT_THAT(database.Read("SELECT * FROM t").names, ElementsAre("b"));
}

TEST(TableReader, ReadsEveryDeclaredTypeOfSqlite) {
  Database database;
  database.Run(
      "CREATE TABLE t (a INTEGER, b TINYINT, c BOOLEAN, d REAL, e DOUBLE, "
      "f DECIMAL(10, 2), g VARCHAR(3), h TEXT, i DATE, j TIME, k TIMESTAMP, "
      "l DATETIME, m BLOB, n TIMESTAMP WITH TIME ZONE, o TIMESTAMP_NS)");
  database.Run(
      "INSERT INTO t VALUES (-9223372036854775808, 9223372036854775807, 1, "
      "1e308, 2, 1.25, 'toolong', '', '0001-01-01', '23:59:59.999999', "
      "'9999-12-31 23:59:59.999999', '2024-01-01', x'', "
      "'1970-01-01 01:00:00+01:00', '1970-01-01 00:00:00.000000001')");

  const Table table = database.Read("SELECT * FROM t");

  EXPECT_THAT(table.formats, ElementsAre("l", "l", "b", "g", "g", "g", "u", "u", "tdD",
                                         "ttu", "tsu:", "tsu:", "z", "tsu:UTC", "tsn:"));
  EXPECT_THAT(table.rows, ElementsAre(Row{"-9223372036854775808", "9223372036854775807",
                                          "true", "1e+308", "2", "1.25", "toolong", "",
                                          "-719162", "86399999999", "253402300799999999",
                                          "1704067200000000", "", "0", "1"}));
}

TEST(TableReader, TakesTheTypeOfValuesWhereNoneIsDeclared) {
  Database database;
  database.Run("CREATE TABLE t (i INT, r REAL, s TEXT)");
  database.Run("INSERT INTO t VALUES (1, 0.1, 'a'), (2, 0.2, 'b')");
  database.Run(
      "CREATE VIEW v AS SELECT count(*), sum(r), s || '!', NULL, i, "
      "x'00', coalesce(sum(i), 0.5) FROM t");

  const Table table = database.Read("SELECT * FROM v");

  EXPECT_THAT(table.formats, ElementsAre("l", "g", "u", "n", "l", "z", "l"));
  EXPECT_EQ(table.rows[0][0], "2");
  EXPECT_EQ(table.rows[0][1], "0.30000000000000004");
}

TEST(TableReader, ReadsTheTypesOfATableMadeFromAQuery) {
  Database database;
  database.Run("CREATE TABLE source (i INT, r REAL, s TEXT, d DATE)");
  database.Run("INSERT INTO source VALUES (1, 0.1, 'a', '2024-01-01')");
  database.Run("CREATE TABLE t AS SELECT i, r, s, d, i + 1 AS j, r / 2 AS k FROM source");

  const Table table = database.Read("SELECT * FROM t");

  EXPECT_THAT(table.formats, ElementsAre("l", "g", "u", "u", "l", "g"));
  EXPECT_THAT(table.rows, ElementsAre(Row{"1", "0.1", "a", "2024-01-01", "2", "0.05"}));
}

TEST(TableReader, MakesDoublesOfIntegersAmongThem) {
  Database database;
  database.Run("CREATE TABLE t (a, b NUMERIC)");
  database.Run("INSERT INTO t VALUES (NULL, NULL), (1, 1.0), (0.5, 0.25)");

  const Table table = database.Read("SELECT * FROM t");

  EXPECT_THAT(table.formats, ElementsAre("g", "g"));
  EXPECT_THAT(table.rows, ElementsAre(Row{"~", "~"}, Row{"1", "1"}, Row{"0.5", "0.25"}));
}

TEST(TableReader, AsksForTheTypesOfRowsBeyondTheFirstBatch) {
  Database database;
  database.Run("CREATE TABLE t (a, b, c)");
  database.Run("INSERT INTO t VALUES (1, NULL, 1), (2, NULL, 2), (0.5, 'x', 3)");

  const Table table = database.Read("SELECT * FROM t", {.batch_rows = 2});

  EXPECT_THAT(table.formats, ElementsAre("g", "u", "l"));
  EXPECT_THAT(table.rows,
              ElementsAre(Row{"1", "~", "1"}, Row{"2", "~", "2"}, Row{"0.5", "x", "3"}));
}

TEST(TableReader, NamesColumnAndRowOfAValueThatDoesNotFit) {
  Database database;
  const auto read = [&](const std::string& column, const std::string& value) {
    database.Run("DROP TABLE IF EXISTS t");
    database.Run("CREATE TABLE t (x " + column + ")");
    database.Run("INSERT INTO t VALUES (NULL), (" + value + ")");
    return ErrorOf([&] { (void)database.Read("SELECT * FROM t"); });
  };
  const std::string start = "cannot read column 'x': row 2 holds ";
  const std::string end = "; cast the column in the query to one type";

  EXPECT_EQ(read("INT", "'abc'"), start + "the text 'abc' in a column of integers" + end);
  EXPECT_EQ(read("INT", "1.5"), start + "the double 1.5 in a column of integers" + end);
  EXPECT_EQ(read("REAL", "'abc'"), start + "the text 'abc' in a column of doubles" + end);
  EXPECT_EQ(read("TEXT", "x'41'"),
            start + "1 bytes of binary data in a column of text" + end);
  EXPECT_EQ(read("BLOB", "'a'"), start + "the text 'a' in a column of bytes" + end);
  EXPECT_EQ(read("BOOLEAN", "2"), start + "the integer 2 in a column of booleans" + end);
  EXPECT_EQ(read("DATE", "20240101"), start + "'20240101' in a column of dates" + end);
  EXPECT_EQ(read("DATE", "'01/02/2024'"),
            start + "'01/02/2024' in a column of dates" + end);
  EXPECT_EQ(read("TIMESTAMP", "0.5"), start + "'0.5' in a column of timestamps" + end);
  EXPECT_EQ(read("TEXT", "CAST(x'C328' AS TEXT)"),
            start + "text that isn't valid UTF-8" + end);
}

TEST(TableReader, NamesTheRelationWhereItIsKnown) {
  Database database;
  database.Run("CREATE TABLE t (x INT)");
  database.Run("INSERT INTO t VALUES ('abc')");

  EXPECT_EQ(
      ErrorOf([&] { (void)database.Read("SELECT * FROM t", {.relation = "main.t"}); }),
      "cannot read column 'x' of main.t: row 1 holds the text 'abc' in a column of "
      "integers; cast "
      "the column in the query to one type");
}

TEST(TableReader, NamesTheFirstOddValueOfAMixedColumn) {
  Database database;
  database.Run("CREATE TABLE t (x)");
  database.Run("INSERT INTO t VALUES (1), ('two'), (3)");

  EXPECT_EQ(ErrorOf([&] { (void)database.Read("SELECT * FROM t"); }),
            "cannot read column 'x': row 2 holds the text 'two' in a column of integers; "
            "cast the column in the query to one type");
  database.Run("DELETE FROM t");
  database.Run("INSERT INTO t VALUES (0.5), (9007199254740993)");
  EXPECT_EQ(
      ErrorOf([&] { (void)database.Read("SELECT * FROM t"); }),
      "cannot read column 'x': row 2 holds the integer 9007199254740993 in a column "
      "of doubles; cast the column in the query to one type");
}

TEST(TableReader, CountsRowsAcrossBatches) {
  Database database;
  database.Run("CREATE TABLE t (x INT)");
  database.Run("INSERT INTO t VALUES (1), (2), (3), (4), ('five')");

  EXPECT_EQ(ErrorOf([&] { (void)database.Read("SELECT * FROM t", {.batch_rows = 2}); }),
            "cannot read column 'x': row 5 holds the text 'five' in a column of "
            "integers; cast the "
            "column in the query to one type");
}

TEST(TableReader, EndsBatchesAtTheRowsAskedFor) {
  Database database;
  TableReader reader(database.connection(), database.dialect(),
                     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                     "WHERE i < 5) SELECT i FROM n",
                     {.batch_rows = 2});

  EXPECT_EQ(reader.Next()->length, 2);
  EXPECT_EQ(reader.Next()->length, 2);
  EXPECT_EQ(reader.Next()->length, 1);
  EXPECT_TRUE(reader.Next().IsEmpty());
  EXPECT_TRUE(reader.Next().IsEmpty());
}

TEST(TableReader, EndsABatchOfLongValuesEarly) {
  Database database;
  TableReader reader(database.connection(), database.dialect(),
                     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                     "WHERE i < 9) SELECT zeroblob(10000000) FROM n",
                     {.batch_rows = 1000});

  EXPECT_EQ(reader.Next()->length, 4);
}

TEST(TableReader, KeepsLongValuesWhole) {
  Database database;
  database.Run("CREATE TABLE t (s TEXT, b BLOB)");
  for (const int length : {1021, 1022, 1023, 1024, 1025, 5000}) {
    database.Run("DELETE FROM t");
    database.Run(Text("INSERT INTO t VALUES (printf('%.", length, "c', 'x'), randomblob(",
                      length, "))"));

    const Table table = database.Read("SELECT s, b, hex(b) FROM t");

    EXPECT_EQ(table.rows[0][0], std::string(static_cast<size_t>(length), 'x'));
    EXPECT_EQ(table.rows[0][1], ParseHex(table.rows[0][2]));
  }
}

TEST(TableReader, KeepsTextsWithNulApartFromBytesThatLookLikeThem) {
  Database database;
  database.Run("CREATE TABLE t (s TEXT)");
  database.Run(
      "INSERT INTO t VALUES ('a' || char(0) || 'b'), ('X''41'''), (''), ('i1'), "
      "(NULL)");

  EXPECT_THAT(database.Read("SELECT s FROM t").rows,
              ElementsAre(Row{std::string("a\0b", 3)}, Row{"X'41'"}, Row{""}, Row{"i1"},
                          Row{"~"}));
}

TEST(TableReader, KeepsTheOrderOfItsQuery) {
  Database database;
  database.Run("CREATE TABLE t (a INT, s TEXT)");
  database.Run("INSERT INTO t VALUES (1, 'x'), (3, 'z'), (2, 'y')");

  EXPECT_THAT(database.Read("SELECT s FROM t ORDER BY a DESC").rows,
              ElementsAre(Row{"z"}, Row{"y"}, Row{"x"}));
  EXPECT_THAT(database.Read("SELECT s FROM t ORDER BY a LIMIT 1 OFFSET 1").rows,
              ElementsAre(Row{"y"}));
  EXPECT_THAT(database.Read("VALUES (2), (1)").rows, ElementsAre(Row{"2"}, Row{"1"}));
}

TEST(TableReader, ComputesEachValueOnce) {
  Database database;

  // A value computed once for its type and again for itself would differ from its type.
  for (int i = 0; i < 50; ++i) {
    const Table table =
        database.Read("SELECT CASE WHEN random() > 0 THEN 1 ELSE 'one' END AS x");
    EXPECT_EQ(table.rows[0][0], table.formats[0] == "l" ? "1" : "one");
  }
}

TEST(TableReader, KeepsNamesWithPointsAndNamesThatRepeat) {
  Database database;
  database.Run("CREATE TABLE t (\"a.b\" INT, \"c.d.e\" INT, f INT)");

  EXPECT_THAT(database.Read("SELECT * FROM t").names, ElementsAre("a.b", "c.d.e", "f"));
  EXPECT_THAT(database.Read("SELECT \"a.b\" FROM t").names, ElementsAre("a.b"));
  EXPECT_THAT(database.Read("SELECT f, f, 1 AS f FROM t").names,
              ElementsAre("f", "f", "f"));
}

TEST(TableReader, ReadsNoRowsWithTheirTypes) {
  Database database;
  database.Run("CREATE TABLE t (a INT, b TEXT, c, d NUMERIC)");

  const Table table = database.Read("SELECT * FROM t");

  EXPECT_THAT(table.formats, ElementsAre("l", "u", "n", "g"));
  EXPECT_TRUE(table.rows.empty());
}

TEST(TableReader, ReadsASecondResultBesideTheFirst) {
  Database database;
  database.Run("CREATE TABLE t (a INT)");
  database.Run("INSERT INTO t VALUES (1), (2), (3)");
  TableReader first(database.connection(), database.dialect(), "SELECT a FROM t",
                    {.batch_rows = 1});
  const Unique<ArrowArray> batch = first.Next();

  EXPECT_EQ(database.Read("SELECT a FROM t").rows.size(), 3U);
  database.Run("INSERT INTO t VALUES (4)");

  EXPECT_GE(test::ReadAll(first).rows.size(), 2U);
}

TEST(TableReader, SaysThatAStatementGivesNoRows) {
  Database database;

  EXPECT_EQ(ErrorOf([&] { (void)database.Read("CREATE TABLE t (a)"); }),
            "cannot run the query: the statement gives no rows, and only queries can be "
            "read; let dbt run it, such as in a post_hook");
  EXPECT_EQ(database.Ask("SELECT count(*) FROM sqlite_master"), "0");
}

TEST(TableReader, ReadsSixteenHundredColumns) {
  Database database;
  std::string query = "SELECT 0 AS c0";
  for (int i = 1; i < 1600; ++i) {
    query += ", " + std::to_string(i) + " AS c" + std::to_string(i);
  }

  const Table table = database.Read(query);

  EXPECT_EQ(table.rows[0].size(), 1600U);
  EXPECT_EQ(table.rows[0][1599], "1599");
}

}  // namespace
}  // namespace aft
