// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/column_fit.h"

#include <gtest/gtest.h>

#include <string>

#include "plugin/warehouse/dialects/mariadb_type.h"
#include "plugin/warehouse/dialects/postgres_type.h"
#include "plugin/warehouse/dialects/sqlite_type.h"
#include "plugin/warehouse/write/fitted_column.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Frame;

/// What a frame's one column holds.
ValueType ValuesOf(Frame frame) {
  const Unique<ArrowSchema> schema = frame.TakeSchema();
  return ArrowColumn(*schema->children[0], "test").type();
}

ValueType ValuesOf(const std::string& arrow_format) {
  return ValuesOf(Frame().Add(arrow_format, "a", MakeArray(0, 0, {})));
}

/// The frame types that go into a column of that type, by Arrow's letters, with "~"
/// before those that become texts.
std::string GoInto(const ColumnType& column) {
  std::string list;
  for (const char* const format :
       {"n", "b", "l", "L", "g", "d:10,2", "u", "z", "tdD", "ttu", "tsu:", "tsu:UTC"}) {
    const std::optional<ColumnFit> fit = FitColumn(ValuesOf(format), column);
    if (!fit) continue;
    if (!list.empty()) list += ' ';
    list += (fit->makes_texts ? "~" : "") + std::string(format);
  }
  return list;
}

constexpr const char* kNumbers = "n b l L g d:10,2";
constexpr const char* kTexts = "n ~b ~l ~L ~g ~d:10,2 u ~tdD ~ttu ~tsu: ~tsu:UTC";

TEST(ColumnFit, IsTheSameForAllDatabases) {
  struct Case {
    const char* postgres;
    const char* mariadb;
    const char* sqlite;
    const char* holds;
  };
  for (const auto& [postgres, mariadb, sqlite, holds] : {
           Case{"bool", "", "BOOLEAN", "n b"},
           Case{"int4", "int(11)", "INTEGER", kNumbers},
           Case{"float8", "double", "REAL", kNumbers},
           Case{"numeric", "decimal(12,2)", "NUMERIC", kNumbers},
           Case{"varchar", "varchar(10)", "VARCHAR(10)", kTexts},
           Case{"bpchar", "char(3)", "CHAR(3)", kTexts},
           Case{"bytea", "longblob", "BLOB", "n z"},
           Case{"date", "date", "DATE", "n tdD tsu:"},
           Case{"time", "time(6)", "TIME", "n ttu"},
           Case{"timestamp", "datetime(6)", "TIMESTAMP", "n tdD tsu:"},
           Case{"timestamptz", "timestamp(6)", "TIMESTAMPTZ", "n tsu:UTC"},
           Case{"jsonb", "enum('a','b')", "", "n u"},
           Case{"uuid", "uuid", "", "n u"},
           Case{"interval", "year(4)", "", "n u"},
       }) {
    EXPECT_EQ(GoInto(ReadPostgresType(postgres, -1)), holds) << postgres;
    if (*mariadb != '\0') {
      EXPECT_EQ(GoInto(ReadMariadbType(mariadb)), holds) << mariadb;
    }
    if (*sqlite != '\0') {
      EXPECT_EQ(GoInto(SqliteColumnType(sqlite)), holds) << sqlite;
    }
  }
}

ValueType ListOf(const ValueType& element) {
  ValueType list{Kind::kList};
  list.element = {element};
  return list;
}

/// What becomes of lists of these in an array of PostgreSQL's: "" where it holds none.
std::string IntoArray(const ValueType& values, std::string_view element) {
  const std::optional<ColumnFit> fit = FitColumn(values, ReadPostgresArray(element, -1));
  if (!fit) return "";
  return fit->form != Form::kArray ? "text" : fit->makes_texts ? "texts" : "array";
}

TEST(ColumnFit, GoesByTheElementsOfListsAndArrays) {
  const ValueType integers = ListOf({Kind::kInteger});

  EXPECT_EQ(IntoArray(integers, "int4"), "array");
  EXPECT_EQ(IntoArray(ListOf(integers), "int4"), "array");
  EXPECT_EQ(IntoArray(integers, "numeric"), "array");
  EXPECT_EQ(IntoArray(integers, "text"), "texts");
  EXPECT_EQ(IntoArray(integers, "date"), "");
  EXPECT_EQ(IntoArray(ListOf({Kind::kText}), "mood"), "array");
  EXPECT_EQ(IntoArray(ListOf({Kind::kNull}), "uuid"), "array");
  EXPECT_EQ(IntoArray({Kind::kText}, "int4"), "text");
  EXPECT_EQ(IntoArray({Kind::kInteger}, "int4"), "");
  ValueType seven_deep = integers;
  for (int i = 1; i < 7; ++i) seven_deep = ListOf(seven_deep);
  EXPECT_EQ(IntoArray(seven_deep, "int4"), "");
}

TEST(ColumnFit, TakesListsAndJsonForTextsThatSayMore) {
  for (const ValueType& values :
       {ListOf({Kind::kInteger}), ValueType{Kind::kJson}, ValueType{Kind::kUuid}}) {
    for (const ColumnType& column :
         {ReadPostgresType("text", -1), ReadMariadbType("longtext"),
          SqliteColumnType("TEXT"), SqliteColumnType("JSON")}) {
      EXPECT_EQ(FitColumn(values, column), (ColumnFit{Form::kText, false}))
          << Describe(values);
    }
    const bool is_uuid = values.kind == Kind::kUuid;
    EXPECT_EQ(FitColumn(values, ReadPostgresType("jsonb", -1)).has_value(), !is_uuid);
    EXPECT_EQ(FitColumn(values, ReadPostgresType("uuid", -1)).has_value(), is_uuid);
    EXPECT_FALSE(FitColumn(values, ReadPostgresType("int4", -1)));
  }
  EXPECT_FALSE(FitColumn(ListOf({Kind::kBinary}), ReadPostgresType("jsonb", -1)));
  EXPECT_TRUE(FitColumn(ValuesOf("w:16"), ReadPostgresType("uuid", -1)));
  EXPECT_FALSE(FitColumn(ValuesOf("w:15"), ReadPostgresType("uuid", -1)));
}

TEST(ColumnFit, LeavesAllToAColumnWithoutAType) {
  EXPECT_EQ(GoInto(SqliteColumnType("")), "n b l L g d:10,2 u z tdD ttu tsu: tsu:UTC");
}

TEST(ColumnFit, ReadsWhatPostgresqlKeepsInModifiers) {
  const auto numeric = [](int precision, int scale) {
    const ColumnType type =
        ReadPostgresType("numeric", ((precision << 16) | (scale & 0x7FF)) + 4);
    return std::make_pair(type.precision.value_or(-1), type.scale);
  };

  EXPECT_EQ(numeric(12, 2), std::make_pair(12, 2));
  EXPECT_EQ(numeric(1000, 0), std::make_pair(1000, 0));
  EXPECT_EQ(numeric(3, -2), std::make_pair(3, -2));
  EXPECT_FALSE(ReadPostgresType("numeric", -1).precision);
  EXPECT_EQ(ReadPostgresType("varchar", 9).length, 5);
  EXPECT_EQ(ReadPostgresType("text", -1).length, 0);
  EXPECT_EQ(ReadPostgresType("name", -1).length, 63);
  EXPECT_EQ(ReadPostgresType("timestamp", 3).second_digits, 3);
  EXPECT_EQ(ReadPostgresType("timestamp", -1).second_digits, 6);
}

TEST(ColumnFit, ReadsWhatMariadbKeepsBehindNames) {
  EXPECT_EQ(ReadMariadbType("decimal(12,2) unsigned").precision, 12);
  EXPECT_EQ(ReadMariadbType("decimal(12,2) unsigned").scale, 2);
  EXPECT_TRUE(ReadMariadbType("bigint(20) unsigned").is_unsigned);
  EXPECT_EQ(ReadMariadbType("mediumint(9)").bits, 24);
  EXPECT_EQ(ReadMariadbType("bit(12)").bits, 12);
  EXPECT_EQ(ReadMariadbType("float(7,4)").bits, 24);
  EXPECT_EQ(ReadMariadbType("datetime").second_digits, 0);
  EXPECT_EQ(ReadMariadbType("time(3)").second_digits, 3);
  EXPECT_EQ(ReadMariadbType("tinytext").length, 255);
  EXPECT_TRUE(ReadMariadbType("tinytext").counts_bytes);
  EXPECT_EQ(ReadMariadbType("varchar(5)").length, 5);
}

TEST(ColumnFit, KnowsWhichServersHaveUuids) {
  EXPECT_TRUE(HasUuids("10.7.1-MariaDB"));
  EXPECT_TRUE(HasUuids("10.11.6-MariaDB-0+deb12u1"));
  EXPECT_TRUE(HasUuids("11.4.2-MariaDB-log"));
  EXPECT_FALSE(HasUuids("10.6.18-MariaDB"));
  EXPECT_FALSE(HasUuids("8.0.36"));
  EXPECT_FALSE(HasUuids(""));
}

}  // namespace
}  // namespace aft
