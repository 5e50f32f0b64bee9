// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow/array_builder.h"
#include "plugin/warehouse/arrow/borrowed.h"
#include "plugin/warehouse/arrow/variable_builder.h"
#include "plugin/warehouse/dialects/duckdb_type.h"
#include "plugin/warehouse/write/arrow_values.h"
#include "plugin/warehouse/write/list_check.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::ErrorOf;
using test::Frame;

TEST(DuckdbType, IsReadAsTheCatalogueSpellsIt) {
  EXPECT_EQ(ReadDuckdbType("UTINYINT").bits, 8);
  EXPECT_TRUE(ReadDuckdbType("UTINYINT").is_unsigned);
  EXPECT_FALSE(ReadDuckdbType("UUID").is_unsigned);
  EXPECT_EQ(ReadDuckdbType("DECIMAL(12,2)").precision, 12);
  EXPECT_EQ(ReadDuckdbType("DECIMAL(12,2)").scale, 2);
  EXPECT_EQ(ReadDuckdbType("HUGEINT").precision, 38);
  EXPECT_EQ(ReadDuckdbType("HUGEINT").scale, 0);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP_S").second_digits, 0);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP_MS").second_digits, 3);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP").second_digits, 6);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP_NS").second_digits, 9);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP").has_zone, false);
  EXPECT_EQ(ReadDuckdbType("TIMESTAMP WITH TIME ZONE").has_zone, true);
}

TEST(DuckdbType, IsOfListsWhatTheirElementsAre) {
  for (const char* const name :
       {"DECIMAL(4,1)[]", "DECIMAL(4,1)[3]", "DECIMAL(4,1)[][2]"}) {
    const ColumnType type = ReadDuckdbType(name);

    ASSERT_EQ(type.kind, ColumnKind::kArray) << name;
    EXPECT_EQ(type.element.front().precision, 4) << name;
  }
}

TEST(DuckdbType, IsUnknownWhereValuesHaveNoKindForIt) {
  for (const char* const name :
       {"INTERVAL", "BIT", "ENUM('a', 'DATE')", "STRUCT(a INTEGER)", "MAP(INTEGER, DATE)",
        "UNION(a INTEGER)", "TIME WITH TIME ZONE", "BIGNUM"}) {
    EXPECT_EQ(ReadDuckdbType(name).kind, ColumnType().kind) << name;
  }
}

TEST(DuckdbType, OfANewColumnHoldsTheFramesValues) {
  const std::map<std::string, std::string> names = {
      {"b", "BOOLEAN"},
      {"c", "TINYINT"},
      {"S", "USMALLINT"},
      {"i", "INTEGER"},
      {"L", "UBIGINT"},
      {"f", "DOUBLE"},
      {"d:12,2", "decimal(38, 2)"},
      {"u", "VARCHAR"},
      {"z", "BLOB"},
      {"tdD", "DATE"},
      {"ttu", "TIME"},
      {"tsn:", "TIMESTAMP"},
      {"tsu:UTC", "TIMESTAMP WITH TIME ZONE"},
      {"n", "VARCHAR"},
  };
  for (const auto& [format, name] : names) {
    const Unique<ArrowSchema> schema = MakeSchema(format, "a");
    EXPECT_EQ(DuckdbTypeName(ArrowColumn(*schema, "test").type()), name) << format;
  }
}

/// Whether values of an Arrow format go as they are into a column of that type.
bool GoesAsItIs(const std::string& format, const std::string& type) {
  const Unique<ArrowSchema> schema = MakeSchema(format, "a");
  return IsWithin(ArrowColumn(*schema, "test").type(), ReadDuckdbType(type));
}

TEST(IsWithin, HoldsWhereNoValueCouldChange) {
  for (const auto& [format, type] : std::vector<std::pair<std::string, std::string>>{
           {"l", "BIGINT"},
           {"i", "BIGINT"},
           {"I", "BIGINT"},
           {"C", "UBIGINT"},
           {"l", "DECIMAL(20,0)"},
           {"i", "DOUBLE"},
           {"f", "DOUBLE"},
           {"d:6,2", "DECIMAL(8,3)"},
           {"u", "VARCHAR"},
           {"ttu", "TIME"},
           {"tsu:", "TIMESTAMP_NS"},
           {"tsm:", "TIMESTAMP_MS"},
           {"tsu:UTC", "TIMESTAMP WITH TIME ZONE"},
           {"n", "INTEGER"}}) {
    EXPECT_TRUE(GoesAsItIs(format, type)) << format << " " << type;
  }
}

TEST(IsWithin, DoesNotHoldWhereSomeValueCould) {
  for (const auto& [format, type] : std::vector<std::pair<std::string, std::string>>{
           {"l", "INTEGER"},
           {"L", "BIGINT"},
           {"c", "UBIGINT"},
           {"l", "DECIMAL(19,0)"},
           {"l", "DOUBLE"},
           {"g", "FLOAT"},
           {"i", "FLOAT"},
           {"d:8,3", "DECIMAL(8,2)"},
           {"d:8,2", "DECIMAL(8,3)"},
           {"u", "UUID"},
           {"u", "JSON"},
           {"ttn", "TIME"},
           {"tsu:", "TIMESTAMP_MS"},
           {"tsu:", "TIMESTAMP WITH TIME ZONE"},
           {"tsu:UTC", "TIMESTAMP"},
           {"tdD", "TIMESTAMP"},
           {"u", "ENUM('a')"},
           {"u", "INTEGER[]"}}) {
    EXPECT_FALSE(GoesAsItIs(format, type)) << format << " " << type;
  }
}

/// The frame's one column fitted to that type, from row `from` on, as Arrow gives it.
std::pair<Unique<ArrowSchema>, Unique<ArrowArray>> FitRows(Frame frame,
                                                           const std::string& type_name,
                                                           int64_t from) {
  const Unique<ArrowSchema> schema = frame.TakeSchema();
  const Unique<ArrowArray> batch = frame.TakeBatch();
  const ColumnType type = ReadDuckdbType(type_name);
  ArrowColumn column(*schema->children[0], "test");
  const ColumnFit fit = FitColumn(column.type(), type).value();
  FittedColumn fitted(std::move(column), {"a", type_name, type}, fit, "test");
  fitted.SetArray(*batch->children[0], 0, batch->length, 0);
  return {FittedSchema(fitted), FittedValues(fitted, from, batch->length - from)};
}

TEST(FittedValues, AreThoseOfTheTablesColumn) {
  const auto [schema, values] =
      FitRows(Frame().Integers("a", {7, -1, 32767}), "SMALLINT", 1);

  EXPECT_STREQ(schema->format, "l");
  ArrowColumn column(*schema, "test");
  column.SetArray(*values, 0, values->length);
  EXPECT_EQ(values->length, 2);
  EXPECT_EQ(column.Integer(0), -1);
  EXPECT_EQ(column.Integer(1), 32767);
}

TEST(FittedValues, AreTextsWhereArrowHasNoTypeForThem) {
  const auto [schema, values] =
      FitRows(Frame().Reals("a", {0.1 + 0.2}), "DECIMAL(12,2)", 0);

  EXPECT_STREQ(schema->format, "u");
  ArrowColumn column(*schema, "test");
  column.SetArray(*values, 0, values->length);
  EXPECT_EQ(column.Bytes(0), "0.30");
}

TEST(FittedValues, RefuseWhatTheColumnWouldChangeByItsRow) {
  EXPECT_EQ(
      ErrorOf([] { FitRows(Frame().Integers("a", {1, 40'000}), "SMALLINT", 0); }),
      "cannot test: column 'a', row 2 holds the integer 40000, and the table's column "
      "of type 'SMALLINT' holds -32768 to 32767");
}

/// Dates in lists that end at these elements.
Unique<ArrowArray> DateLists(const test::Values<int32_t>& days,
                             const std::vector<size_t>& ends) {
  FixedBuilder<int32_t> dates;
  for (const auto& day : days) day ? dates.Append(*day) : dates.AppendNull();
  ListBuilder lists;
  for (const size_t end : ends) lists.Append(end);
  return lists.Finish(dates.Finish());
}

TEST(FindUnfitList, FindsTheFirstWithADateThatStandsForInfinity) {
  constexpr int32_t kInfinite = std::numeric_limits<int32_t>::max();
  const Unique<ArrowSchema> schema = MakeListSchema("a", MakeSchema("tdD", "item"));
  const Unique<ArrowArray> lists =
      DateLists({1, std::nullopt, 2, kInfinite, -kInfinite}, {2, 2, 3, 5});

  EXPECT_EQ(FindUnfitList(*lists, *schema, 0, 3), std::nullopt);
  EXPECT_EQ(FindUnfitList(*lists, *schema, 0, 4), 3);
  EXPECT_EQ(FindUnfitList(*lists, *schema, 2, 2), 1);
  EXPECT_EQ(FindUnfitList(*lists, *schema, 4, 0), std::nullopt);
}

TEST(CopySchema, OutlivesWhatItIsACopyOf) {
  Unique<ArrowSchema> copy;
  {
    const Unique<ArrowSchema> schema = Frame().Integers("größe", {1}).TakeSchema();
    copy = CopySchema(*schema);
  }

  EXPECT_STREQ(copy->format, "+s");
  EXPECT_STREQ(copy->children[0]->name, "größe");
  EXPECT_EQ(copy->metadata, nullptr);
}

TEST(CopySchema, CopiesDictionariesAndMetadata) {
  // Two pairs, each of a length and as many bytes.
  const std::string metadata("\2\0\0\0\1\0\0\0k\0\0\0\0\1\0\0\0x\2\0\0\0vw", 24);
  Unique<ArrowSchema> copy;
  {
    Unique<ArrowSchema> dictionary = MakeSchema("u", "d");
    Unique<ArrowSchema> schema = MakeSchema("i", "a");
    schema->dictionary = dictionary.get();
    schema->metadata = metadata.data();
    copy = CopySchema(*schema);
    schema->dictionary = nullptr;
  }

  EXPECT_STREQ(copy->dictionary->format, "u");
  EXPECT_EQ(std::string(copy->metadata, metadata.size()), metadata);
}

TEST(BorrowRows, GivesAPartAndReleasesNothing) {
  Frame frame = Frame().Integers("a", {1, 2, 3, 4});
  const Unique<ArrowSchema> schema = frame.TakeSchema();
  const Unique<ArrowArray> batch = frame.TakeBatch();
  ArrowColumn column(*schema->children[0], "test");
  {
    const Unique<ArrowArray> rows = BorrowRows(*batch->children[0], 1, 2);
    column.SetArray(*rows, 0, rows->length);

    EXPECT_EQ(rows->length, 2);
    EXPECT_EQ(column.Integer(0), 2);
    EXPECT_EQ(column.Integer(1), 3);
  }

  column.SetArray(*batch->children[0], 0, batch->length);
  EXPECT_EQ(column.Integer(3), 4);
}

}  // namespace
}  // namespace aft
