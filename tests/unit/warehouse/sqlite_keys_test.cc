// SPDX-License-Identifier: Apache-2.0
// How SQLite finds rows by a key, and what foreign keys make of a write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

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
using ::testing::EndsWith;
using ::testing::HasSubstr;

WriteRequest By(WriteMode mode, const std::string& key = "k") {
  WriteRequest request = Overwrite("t");
  request.mode = mode;
  request.unique_key = {key};
  return request;
}

class SqliteKeys : public ::testing::TestWithParam<WriteMode> {
 protected:
  std::string Rows() {
    return database_.Ask(
        "SELECT group_concat(k||'='||v, ' ') FROM (SELECT * FROM t ORDER BY k, v)");
  }

  Database database_;
};

INSTANTIATE_TEST_SUITE_P(EachMode, SqliteKeys,
                         ::testing::Values(WriteMode::kUpsert, WriteMode::kDeleteInsert));

TEST(SqliteRowNumbers, TakeNoNullForWhichTheyWouldCount) {
  WriteRequest adding = AppendTo("t");
  adding.schema_change = SchemaChange::kAppendNewColumns;
  for (const WriteRequest& request :
       {AppendTo("t"), adding, By(WriteMode::kUpsert), By(WriteMode::kDeleteInsert)}) {
    Database database;
    database.Run("CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, v INTEGER)");
    const bool adds = request.schema_change == SchemaChange::kAppendNewColumns;
    Frame frame = Frame()
                      .Integers("id", {3, std::nullopt})
                      .Integers("k", {1, 2})
                      .Integers(adds ? "new" : "v", {1, 2});

    EXPECT_THAT(ErrorOf([&] { database.Write(std::move(frame), request); }),
                HasSubstr("column 'id', row 2 holds NULL, for which"));

    EXPECT_EQ(database.Ask("SELECT count(*) FROM t"), "0");
  }
}

TEST_P(SqliteKeys, FindAMomentHoweverItIsSpelled) {
  database_.Run("CREATE TABLE t (k TIMESTAMP, v TEXT)");
  database_.Run(
      "INSERT INTO t VALUES ('1970-01-01T00:00:01', 'a'), ('1970-01-01 00:00', 'b'), "
      "('1970-01-02', 'c'), ('1970-01-01 00:00:01.50', 'd'), (NULL, 'e'), (7, 'f'), "
      "('1970-01-01 00:00:01.000001', 'g')");

  database_.Write(
      Frame()
          .Fixed<int64_t>("tsm:", "k", {0, 1000, 1500, 86'400'000, 86'400'001})
          .Texts("v", {"2", "1", "4", "3", "5"}),
      By(GetParam()));

  EXPECT_EQ(database_.Ask("SELECT group_concat(v, '') FROM (SELECT v FROM t ORDER BY v)"),
            "12345efg");
}

TEST_P(SqliteKeys, FindAnInstantInAnyZoneAndATimeOfDay) {
  database_.Run("CREATE TABLE t (k TIMESTAMPTZ, at TIME, v TEXT)");
  database_.Run(
      "INSERT INTO t VALUES ('1970-01-01T02:00:00.25+02:00', '00:01', 'a'), "
      "('1970-01-01 00:00:00.250Z', '00:01:00.5', 'b')");
  WriteRequest request = By(GetParam());
  request.unique_key = {"k", "at"};

  database_.Write(Frame()
                      .Fixed<int64_t>("tsu:UTC", "k", {250'000, 250'000})
                      .Fixed<int64_t>("ttu", "at", {60'000'000, 60'500'000})
                      .Texts("v", {"1", "2"}),
                  request);

  EXPECT_EQ(database_.Ask("SELECT group_concat(v, '') FROM (SELECT v FROM t ORDER BY v)"),
            "12");
}

TEST_P(SqliteKeys, CompareAsTheirColumnsDo) {
  database_.Run(
      "CREATE TABLE \"t\" (v TEXT, k TEXT /* a \"key\" */ COLLATE NOCASE UNIQUE)");
  database_.Run("INSERT INTO t VALUES ('a', 'Ann'), ('b', 'Bob')");

  database_.Write(Frame().Texts("k", {"ANN", "cid"}).Texts("v", {"1", "2"}),
                  By(GetParam()));
  const std::string twice = ErrorOf([&] {
    database_.Write(Frame().Texts("k", {"x", "X"}).Texts("v", {"1", "2"}),
                    By(GetParam()));
  });

  const bool is_upsert = GetParam() == WriteMode::kUpsert;
  EXPECT_EQ(Rows(), is_upsert ? "Ann=1 Bob=b cid=2" : "ANN=1 Bob=b cid=2");
  EXPECT_THAT(twice, EndsWith("the frame's row with k = 'x' is there more than once"));
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM sqlite_temp_master"), "0");
}

TEST(SqliteCollations, StayWhenATableIsOverwritten) {
  for (const std::string name : {"t", "[t]", "`t`", "'t'", "\"t\""}) {
    Database database;
    database.Run(Text("CREATE TABLE ", name, "(a TEXT COLLATE nocase, b INT DEFAULT 1)"));

    database.Write(Frame().Texts("a", {"x"}).Integers("b", {1}), Overwrite("t"));

    EXPECT_EQ(database.Ask("SELECT count(*) FROM t WHERE a = 'X'"), "1") << name;
  }
}

/// A table `t` as an application has made it that brings collations and functions along.
void MakeAsAnApplication(Database& database, const std::string& columns) {
  database.Run("CREATE TABLE t (a TEXT, b INT)");
  database.Run("PRAGMA writable_schema = ON");
  database.Run(Text("UPDATE sqlite_master SET sql = 'CREATE TABLE t (", columns, ")'"));
  database.Run("PRAGMA writable_schema = RESET");
}

TEST(SqliteCollations, OfAnApplicationsOwnStopNoAppend) {
  Database database;
  MakeAsAnApplication(database, "a TEXT COLLATE weird, b INT");

  database.Write(Frame().Texts("a", {"x"}).Integers("b", {1}), AppendTo("t"));

  EXPECT_EQ(database.Ask("SELECT b FROM t"), "1");
  EXPECT_EQ(database.Ask("SELECT count(*) FROM sqlite_temp_master"), "0");
}

TEST(SqliteCollations, OfAnApplicationsOwnStopNoOverwrite) {
  for (const std::string columns :
       {"a TEXT COLLATE weird, b INT", "a TEXT COLLATE nocase, b INT CHECK (own(b))"}) {
    Database database;
    MakeAsAnApplication(database, columns);

    database.Write(Frame().Texts("a", {"x"}).Integers("b", {1}), Overwrite("t"));

    EXPECT_EQ(database.Ask("SELECT b FROM t"), "1") << columns;
    EXPECT_EQ(database.Ask("SELECT count(*) FROM sqlite_temp_master"), "0") << columns;
  }
}

/// Orders of customers, and foreign keys that are heeded.
class SqliteForeignKeys : public ::testing::Test {
 protected:
  void Make(const std::string& action) {
    database_.Run("PRAGMA foreign_keys = ON");
    database_.Run("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)");
    database_.Run(Text("CREATE TABLE o (c INT REFERENCES T (k) ", action, ")"));
    database_.Run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
    database_.Run("INSERT INTO o VALUES (1)");
  }
  void Write(const WriteRequest& request, int64_t key) {
    database_.Write(Frame().Integers("k", {key}).Texts("v", {"new"}), request);
  }

  Database database_;
};

TEST_F(SqliteForeignKeys, LetATableStayWhoseTypesAreSpelledOtherwise) {
  Make("");
  database_.Run("ALTER TABLE t ADD w varchar(9)");
  database_.Run("DELETE FROM o");
  const std::string definition = "SELECT sql FROM sqlite_master WHERE name = 't'";
  const std::string before = database_.Ask(definition);
  WriteRequest request = Overwrite("t");
  request.column_types = {{"w", "VARCHAR(9)"}};

  database_.Write(Frame().Integers("k", {1}).Texts("v", {"a"}).Texts("w", {"b"}),
                  request);

  EXPECT_EQ(database_.Ask(definition), before);
}

TEST_F(SqliteForeignKeys, KeepTheRowsThatWouldBeDeletedWithTheOldOnes) {
  Make("ON DELETE CASCADE");
  const std::string referrer = "table o refers to it by the foreign key of c";

  EXPECT_EQ(ErrorOf([&] { Write(By(WriteMode::kDeleteInsert), 1); }),
            Text("cannot delete and insert in 'main.t': ", referrer,
                 "; without its old rows, those would be deleted or changed as well"));
  EXPECT_EQ(ErrorOf([&] { Write(Overwrite("t"), 1); }),
            Text("cannot write 'main.t': ", referrer,
                 "; without its old rows, those would be deleted or changed as well"));
  EXPECT_EQ(
      ErrorOf([&] { database_.Write(Frame().Integers("x", {1}), Overwrite("t")); }),
      Text("cannot write 'main.t': ", referrer, ", and its columns are others now"));
  Write(By(WriteMode::kUpsert), 1);

  EXPECT_EQ(database_.Ask("SELECT group_concat(v, ' ') FROM o JOIN t ON c = k"), "new");
}

TEST_F(SqliteForeignKeys, FollowAnUpsertIfTheyFollowUpdates) {
  database_.Run("PRAGMA foreign_keys = ON");
  database_.Run("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT UNIQUE)");
  database_.Run("CREATE TABLE o (v TEXT REFERENCES t (v) ON UPDATE CASCADE)");
  database_.Run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  database_.Run("INSERT INTO o VALUES ('a'), ('b')");

  Write(By(WriteMode::kUpsert), 1);

  EXPECT_EQ(database_.Ask("SELECT group_concat(v, ' ') FROM o ORDER BY v"), "new b");
}

TEST_F(SqliteForeignKeys, KeepTheRowsOfTheTableItself) {
  database_.Run("PRAGMA foreign_keys = ON");
  database_.Run(
      "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT, up INT REFERENCES t ON DELETE "
      "CASCADE)");
  database_.Run("INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 1)");

  EXPECT_NE(ErrorOf([&] { Write(By(WriteMode::kDeleteInsert), 1); }), "");
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM t"), "2");
  EXPECT_EQ(ErrorOf([&] { Write(Overwrite("t"), 1); }), "");
}

TEST_F(SqliteForeignKeys, AreCheckedWhenTheNewRowsAreThere) {
  Make("");

  Write(By(WriteMode::kDeleteInsert), 1);
  Write(Overwrite("t"), 1);

  EXPECT_EQ(database_.Ask("SELECT group_concat(k||v, ' ') FROM t"), "1new");
  EXPECT_NE(ErrorOf([&] { Write(Overwrite("t"), 3); }), "");
  EXPECT_EQ(database_.Ask("SELECT group_concat(k||v, ' ') FROM t"), "1new");
}

TEST_F(SqliteForeignKeys, StopNoWriteWhereNobodyHeedsThem) {
  Make("ON DELETE CASCADE");
  database_.Run("PRAGMA foreign_keys = OFF");

  Write(Overwrite("t"), 3);

  EXPECT_EQ(database_.Ask("SELECT count(*) FROM o"), "1");
}

}  // namespace
}  // namespace aft
