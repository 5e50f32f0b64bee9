// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/odbc/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "plugin/warehouse/connection/transaction.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Database;
using test::ErrorOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Pair;

TEST(Odbc, KnowsTheDriversOfTheSystem) {
  EXPECT_THAT(odbc::Environment().drivers(),
              Contains(Pair("SQLite3", EndsWith("sqlite3odbc.so"))));
}

TEST(Odbc, SaysWhatADriverThatIsMissingNeeds) {
  EXPECT_EQ(
      ErrorOf([] { const odbc::Connection connection("Driver=Nowhere;Pwd=s3cret"); }),
      "cannot connect to the warehouse: SQLDriverConnect: 01000 "
      "[unixODBC][Driver Manager]Can't open lib 'Nowhere' : file not found; is the "
      "driver installed and listed by 'odbcinst -q -d'?");
}

TEST(Odbc, CarriesWhatTheDriverSaid) {
  Database database;

  try {
    database.Run("SELECT * FROM nowhere");
    FAIL();
  } catch (const DatabaseError& error) {
    EXPECT_STREQ(error.what(),
                 "cannot prepare a test: SQLExecDirect: HY000 [SQLite]no such table: "
                 "nowhere (1)");
    EXPECT_EQ(error.sqlstate(), kStateGeneralError);
    EXPECT_EQ(error.native_code(), 1);
    EXPECT_EQ(error.function(), "SQLExecDirect");
  }
}

TEST(Odbc, FetchesValuesLongerThanItsFirstPiece) {
  Database database;

  EXPECT_EQ(database.Ask("SELECT replace(hex(zeroblob(50000)), '0', 'é')"), [] {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += "é";
    return text;
  }());
}

TEST(Odbc, RollsATransactionBackThatIsNotCommitted) {
  Database database;
  database.Run("CREATE TABLE t (a)");

  for (const char* begin : {"BEGIN IMMEDIATE", ""}) {
    const Transaction transaction(database.connection(), begin, "insert");
    database.Run("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(database.Ask("SELECT count(*) FROM t"), "0");

  for (const char* begin : {"BEGIN IMMEDIATE", ""}) {
    Transaction transaction(database.connection(), begin, "insert");
    database.Run("INSERT INTO t VALUES (1)");
    transaction.Commit();
  }
  EXPECT_EQ(database.Ask("SELECT count(*) FROM t"), "2");
}

TEST(Odbc, SaysThatAnotherConnectionHoldsTheDatabase) {
  Database database;
  odbc::Connection other(database.ConnectionString());
  const Transaction transaction(other, "BEGIN IMMEDIATE", "hold");

  EXPECT_EQ(ErrorOf([&] { database.Run("CREATE TABLE t (a)"); }),
            "cannot prepare a test: SQLExecDirect: HY000 [SQLite]database is locked (5); "
            "another connection holds the database and didn't let go within the driver's "
            "Timeout");
}

}  // namespace
}  // namespace aft
