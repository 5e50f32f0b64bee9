// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/generic_dialect.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Database;
using test::ErrorOf;
using test::Frame;
using test::Table;

TEST(Dialect, QuotesWhateverAnIdentifierHolds) {
  Database database;

  EXPECT_EQ(database.dialect().Quote("orders"), "\"orders\"");
  EXPECT_EQ(database.dialect().Quote("a\"; drop table x; --"),
            "\"a\"\"; drop table x; --\"");
}

TEST(Dialect, RefusesIdentifiersThatNoDatabaseTakes) {
  Database database;

  EXPECT_EQ(ErrorOf([&] { (void)database.dialect().Quote(""); }),
            "cannot quote an identifier: it is empty");
  EXPECT_EQ(ErrorOf([&] { (void)database.dialect().Quote(std::string("a\0b", 3)); }),
            "cannot quote identifier 'a…': it holds a NUL character");
}

TEST(Dialect, WritesPlainWordsBareWhereQuotesAreOff) {
  Database database;
  Relation relation{"db", "main", "orders", false, false, false};

  EXPECT_EQ(database.dialect().Name(relation), "main.orders");
  relation.identifier = "order items";
  EXPECT_EQ(database.dialect().Name(relation), "main.\"order items\"");
  relation.quote_schema = true;
  EXPECT_EQ(database.dialect().Name(relation), "\"main\".\"order items\"");
}

TEST(SqliteDialect, RunsPragmasAtOnce) {
  Database database;

  database.Run("PRAGMA user_version = 7");

  EXPECT_EQ(database.Ask("SELECT user_version FROM pragma_user_version"), "7");
}

TEST(SqliteDialect, KeepsCommentsFromTheDriver) {
  Database database;
  database.Run("CREATE TABLE t (a TEXT) -- isn't it?");
  database.Run(
      "/* what's this? */ INSERT INTO t VALUES ('-- no /* comment */ {d ''x''}?'); ");

  const Table table = database.Read(
      "-- it's\nSELECT a /* ' */, '/*' AS b, \"a\" AS \"--\" FROM t -- why?\n;");

  EXPECT_EQ(table.rows[0][0], "-- no /* comment */ {d 'x'}?");
  EXPECT_EQ(table.rows[0][1], "/*");
  EXPECT_EQ(table.names[2], "--");
}

TEST(SqliteDialect, CountsTheRowsOfStatementsThatChangeAny) {
  Database database;
  odbc::Connection& connection = database.connection();
  const auto run = [&](const std::string& sql) {
    return database.dialect().Execute(connection, sql, "count");
  };

  EXPECT_EQ(run("CREATE TABLE t (a)"), std::nullopt);
  EXPECT_EQ(run("INSERT INTO t VALUES (1), (2)"), 2);
  EXPECT_EQ(run("UPDATE t SET a = 3 WHERE a = 9"), 0);
  EXPECT_EQ(run("CREATE INDEX i ON t (a)"), std::nullopt);
  EXPECT_EQ(run("SELECT * FROM t"), std::nullopt);
}

TEST(GenericDialect, ReadsByTheDriversTypes) {
  Database database;
  database.Run(
      "CREATE TABLE t (b BIT, s SMALLINT, i INT, l BIGINT, r REAL, c TEXT, "
      "x BLOB, d DATE, z TIME, p TIMESTAMP)");
  database.Run(
      "INSERT INTO t VALUES (1, -5, 7, 9223372036854775807, 0.25, 'é', x'00ff', "
      "'2024-02-29', '12:34:56', '2024-02-29 12:34:56.125'), "
      "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  const GenericDialect generic(database.connection());
  TableReader reader(database.connection(), generic, "SELECT * FROM t",
                     {.batch_rows = 100});

  const Table table = test::ReadAll(reader);

  EXPECT_EQ(table.formats, (std::vector<std::string>{"b", "s", "i", "l", "g", "u", "z",
                                                     "tdD", "ttu", "tsu:"}));
  EXPECT_EQ(table.rows[0],
            (std::vector<std::string>{"true", "-5", "7", "9223372036854775807", "0.25",
                                      "é", std::string("\0\xFF", 2), "19782",
                                      "45296000000", "1709210096125000"}));
  EXPECT_EQ(table.rows[1], std::vector<std::string>(10, "~"));
}

TEST(GenericDialect, ReadsWideTextAsUtf8) {
  Database database;
  odbc::Connection wide(database.ConnectionString(";NoWCHAR=0"));
  database.Run("CREATE TABLE t (c VARCHAR(9))");
  database.Run(
      "INSERT INTO t VALUES ('aé😀'), (''), (NULL), "
      "(replace(hex(zeroblob(3000)), '0', 'é'))");
  const GenericDialect generic(wide);
  TableReader reader(wide, generic, "SELECT * FROM t", {.batch_rows = 100});

  const Table table = test::ReadAll(reader);

  EXPECT_EQ(table.rows[0][0], "aé😀");
  EXPECT_EQ(table.rows[1][0], "");
  EXPECT_EQ(table.rows[2][0], "~");
  EXPECT_EQ(table.rows[3][0].size(), 12000U);
}

TEST(GenericDialect, ReplacesATableAndKeepsItsNeighbours) {
  Database database;
  database.Run("CREATE TABLE t (old)");
  database.Run("CREATE TABLE txx (other)");
  const GenericDialect generic(database.connection());
  Unique<ArrowArrayStream> stream = test::StreamOf(Frame()
                                                       .Integers("i", {1, std::nullopt})
                                                       .Texts("s", {"x", "y"})
                                                       .Booleans("b", {true, false})
                                                       .Bytes("z", {"\xFF", ""}));

  TableWriter(database.connection(), generic, test::Overwrite("t"), [] {}).Write(*stream);

  EXPECT_EQ(database.Relations(), "t txx");
  EXPECT_EQ(database.Ask("SELECT group_concat(quote(i) || quote(s) || quote(b) || "
                         "quote(z)) FROM t"),
            "1'x'1X'FF',NULL'y'0X''");
}

}  // namespace
}  // namespace aft
