// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/fitted_column.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "plugin/warehouse/dialects/mariadb_type.h"
#include "plugin/warehouse/dialects/postgres_type.h"
#include "plugin/warehouse/dialects/sqlite_type.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::ErrorOf;
using test::Frame;

const double kInfinity = HUGE_VAL;

/// The last value of the frame's one column, as it goes into a column of that type.
std::string Fit(Frame frame, const ColumnType& type, const std::string& type_name) {
  const Unique<ArrowSchema> schema = frame.TakeSchema();
  const Unique<ArrowArray> batch = frame.TakeBatch();
  ArrowColumn column(*schema->children[0], "test");
  const ColumnFit fit = FitColumn(column.type(), type).value();
  FittedColumn fitted(std::move(column), {"a", type_name, type}, fit, "test");
  fitted.SetArray(*batch->children[0], 0, batch->length, 0);
  const int64_t row = batch->length - 1;
  std::string buffer;
  switch (fit.form) {
    case Form::kBoolean:
      return fitted.Boolean(row) ? "true" : "false";
    case Form::kInteger:
      return std::to_string(fitted.Integer(row));
    case Form::kUnsigned:
      return std::to_string(fitted.Unsigned(row));
    case Form::kReal:
      return FormatReal(fitted.Real(row));
    case Form::kBytes:
      return std::string(fitted.Bytes(row));
    default:
      return std::string(fitted.Text(row, /*says_zone=*/true, buffer));
  }
}

/// The same, for a column of MariaDB's; or why it is refused.
std::string Fit(Frame frame, const std::string& type) {
  std::string value;
  const std::string error =
      ErrorOf([&] { value = Fit(std::move(frame), ReadMariadbType(type), type); });
  const std::string start = "cannot test: column 'a', row ";
  return error.empty() ? value : error.substr(start.size());
}

Frame Decimal(int scale, Int128 value) {
  return Frame().Fixed<Int128>("d:38," + std::to_string(scale), "a", {value});
}

Frame Real(double value) { return Frame().Reals("a", {value}); }
Frame Whole(int64_t value) { return Frame().Integers("a", {value}); }
Frame Words(const std::string& value) { return Frame().Texts("a", {value}); }
Frame Moment(int64_t microseconds) {
  return Frame().Fixed<int64_t>("tsu:", "a", {microseconds});
}

TEST(FittedColumn, RoundsDoublesToTheScaleOfADecimalAndNothingElse) {
  EXPECT_EQ(Fit(Real(0.1 + 0.2), "decimal(12,2)"), "0.30");
  EXPECT_EQ(Fit(Real(2.675), "decimal(12,2)"), "2.68");
  EXPECT_EQ(Fit(Real(-0.125), "decimal(12,2)"), "-0.13");
  EXPECT_EQ(Fit(Real(0.004), "decimal(12,2)"), "0.00");
  EXPECT_EQ(Fit(Real(0.005), "decimal(12,2)"), "0.01");
  EXPECT_EQ(Fit(Real(1e-300), "decimal(12,2)"), "0.00");
  EXPECT_EQ(Fit(Real(9.995), "decimal(4,2)"), "10.00");
  EXPECT_EQ(Fit(Real(1.5), "decimal(12)"), "2");
  EXPECT_EQ(Fit(Decimal(2, 150), "decimal(12,1)"), "1.5");
  EXPECT_EQ(Fit(Decimal(-2, 15), "decimal(12,1)"), "1500.0");
  EXPECT_EQ(Fit(Decimal(2, 125), "decimal(12,1)"),
            "1 holds the decimal 1.25, and the table's column of type 'decimal(12,1)' "
            "keeps 1 digits behind the point; round it first");
}

TEST(FittedColumn, RefusesNumbersWithTooManyDigits) {
  const std::string refusal =
      ", and the table's column of type 'decimal(4,2)' holds numbers of 4 digits";

  EXPECT_EQ(Fit(Real(99.995), "decimal(4,2)"), "1 holds the double 99.995" + refusal);
  EXPECT_EQ(Fit(Real(1e300), "decimal(4,2)"), "1 holds the double 1e+300" + refusal);
  EXPECT_EQ(Fit(Decimal(1, -1000), "decimal(4,2)"),
            "1 holds the decimal -100.0" + refusal);
  EXPECT_EQ(
      Fit(Whole(100), "decimal(4,2)"),
      "1 holds the integer 100, and the table's column of type 'decimal(4,2)' holds "
      "-99 to 99");
  EXPECT_EQ(Fit(Whole(-99), "decimal(4,2)"), "-99");
  EXPECT_EQ(Fit(Whole(std::numeric_limits<int64_t>::min()), "decimal(38,0)"),
            "-9223372036854775808");
  EXPECT_EQ(Fit(Frame().Fixed<uint64_t>("L", "a", {~0ULL}), "decimal(20,0)"),
            "18446744073709551615");
}

TEST(FittedColumn, KeepsIntegersWithinTheirBounds) {
  EXPECT_EQ(Fit(Whole(127), "tinyint(4)"), "127");
  EXPECT_EQ(Fit(Whole(255), "tinyint(3) unsigned"), "255");
  EXPECT_EQ(Fit(Whole(-1), "bigint(20) unsigned"),
            "1 holds the integer -1, and the table's column of type 'bigint(20) "
            "unsigned' holds 0 to 18446744073709551615");
  EXPECT_EQ(Fit(Whole(128), "tinyint(4)"),
            "1 holds the integer 128, and the table's column of type 'tinyint(4)' holds "
            "-128 to 127");
  EXPECT_EQ(Fit(Frame().Fixed<uint64_t>("L", "a", {1ULL << 63}), "bigint(20)"),
            "1 holds the integer 9223372036854775808, which is beyond 64 bits with a "
            "sign; give the column a text type with dtype");
  EXPECT_EQ(Fit(Real(3), "int(11)"), "3");
  EXPECT_EQ(Fit(Real(1.5), "int(11)"),
            "1 holds the double 1.5, and the table's column of type 'int(11)' holds "
            "integers");
  EXPECT_EQ(Fit(Decimal(2, 300), "int(11)"), "3");
  EXPECT_EQ(Fit(Decimal(2, 301), "int(11)"),
            "1 holds the decimal 3.01, and the table's column of type 'int(11)' holds "
            "integers");
  EXPECT_EQ(Fit(Frame().Booleans("a", {true}), "tinyint(1)"), "1");
}

TEST(FittedColumn, RoundsDoublesToFloatsButNotIntegersAndDecimals) {
  const std::string exactly =
      ", and the table's column of type 'float' can't hold it exactly";

  EXPECT_EQ(Fit(Real(0.1), "float"), "0.10000000149011612");
  EXPECT_EQ(Fit(Whole(1 << 24), "float"), "16777216");
  EXPECT_EQ(Fit(Whole((1 << 24) + 1), "float"), "1 holds the integer 16777217" + exactly);
  EXPECT_EQ(Fit(Decimal(1, 1), "float"), "0.10000000149011612");
  EXPECT_EQ(Fit(Decimal(8, 100000001), "float"),
            "1 holds the decimal 1.00000001" + exactly);
  EXPECT_EQ(Fit(Decimal(8, 100000001), "double"), "1.00000001");
  EXPECT_EQ(Fit(Real(1e39), "float"),
            "1 holds the double 1e+39, and the table's column of type 'float' holds no "
            "numbers so large or so small");
}

TEST(FittedColumn, KnowsWhichColumnsHoldInfinityAndNotANumber) {
  const double nan = std::nan("");
  const auto fit = [](double value, const ColumnType& type) {
    std::string text;
    const std::string error = ErrorOf([&] { text = Fit(Real(value), type, "t"); });
    return error.empty() ? text : "refused";
  };

  EXPECT_EQ(fit(kInfinity, ReadPostgresType("float8", -1)), "inf");
  EXPECT_EQ(fit(nan, ReadPostgresType("float4", -1)), "nan");
  EXPECT_EQ(fit(kInfinity, ReadPostgresType("numeric", -1)), "inf");
  EXPECT_EQ(fit(kInfinity, ReadPostgresType("numeric", (12 << 16) + 4)), "refused");
  EXPECT_EQ(fit(nan, ReadPostgresType("numeric", (12 << 16) + 4)), "nan");
  EXPECT_EQ(fit(kInfinity, ReadPostgresType("int8", -1)), "refused");
  EXPECT_EQ(fit(kInfinity, ReadMariadbType("double")), "refused");
  EXPECT_EQ(fit(nan, ReadMariadbType("decimal(5,2)")), "refused");
  EXPECT_EQ(fit(kInfinity, SqliteColumnType("REAL")), "inf");
  EXPECT_EQ(fit(nan, SqliteColumnType("REAL")), "refused");
}

TEST(FittedColumn, CutsNoText) {
  EXPECT_EQ(Fit(Words("ab "), "varchar(3)"), "ab ");
  EXPECT_EQ(Fit(Words("üüü"), "varchar(3)"), "üüü");
  EXPECT_EQ(
      Fit(Words("abc "), "varchar(3)"),
      "1 holds the text 'abc ', and the table's column of type 'varchar(3)' holds 3 "
      "characters");
  EXPECT_EQ(Fit(Words("ab"), "char(3)"), "ab");
  EXPECT_EQ(Fit(Words("ab "), "char(3)"),
            "1 holds the text 'ab ', and the table's column of type 'char(3)' would drop "
            "the blanks at its end");
  EXPECT_EQ(Fit(Words(std::string(300, 'x')), "tinytext"),
            "1 holds the text '" + std::string(40, 'x') +
                "…', and the table's column of type 'tinytext' holds 255 bytes");
  EXPECT_EQ(Fit(Frame().Bytes("a", {"abc"}), "varbinary(2)"),
            "1 holds 3 bytes, and the table's column of type 'varbinary(2)' holds 2");
  EXPECT_EQ(Fit(Frame().Bytes("a", {"ab"}), "binary(2)"), "ab");
  EXPECT_EQ(Fit(Frame().Bytes("a", {"a"}), "binary(2)"),
            "1 holds 1 bytes, and the table's column of type 'binary(2)' holds 2");
}

TEST(FittedColumn, MakesTextsOfWhatTheyWere) {
  EXPECT_EQ(Fit(Frame().Booleans("a", {true}), "text"), "true");
  EXPECT_EQ(Fit(Real(0.1), "text"), "0.1");
  EXPECT_EQ(Fit(Decimal(2, 100), "text"), "1.00");
  EXPECT_EQ(Fit(Frame().Fixed<int64_t>("tsn:UTC", "a", {1}), "text"),
            "1970-01-01 00:00:00.000000001+00:00");
  EXPECT_EQ(
      Fit(Whole(1234), "varchar(3)"),
      "1 holds the integer 1234, and the table's column of type 'varchar(3)' holds 3 "
      "characters");
}

TEST(FittedColumn, TakesMidnightsForDatesAndDatesForMidnights) {
  constexpr int64_t kDay = 86'400'000'000;

  EXPECT_EQ(Fit(Moment(-kDay), "date"), "1969-12-31");
  EXPECT_EQ(Fit(Moment(kDay + 1), "date"),
            "1 holds the timestamp 1970-01-02 00:00:00.000001, and the table's column of "
            "type 'date' holds dates; take its time off first");
  EXPECT_EQ(Fit(Frame().Fixed<int32_t>("tdD", "a", {1}), "datetime"),
            "1970-01-02 00:00:00");
}

TEST(FittedColumn, KeepsEachDigitOfASecond) {
  EXPECT_EQ(Fit(Moment(500'000), "datetime(1)"), "1970-01-01 00:00:00.5");
  EXPECT_EQ(
      Fit(Moment(1), "datetime(3)"),
      "1 holds the timestamp 1970-01-01 00:00:00.000001, and the table's column of "
      "type 'datetime(3)' keeps 3 digits behind the second's point; round it first");
  EXPECT_EQ(Fit(Frame().Fixed<int64_t>("ttn", "a", {1'000}), "time(6)"),
            "00:00:00.000001");
}

TEST(FittedColumn, RefusesTimesOutsideOfTheYears1To9999) {
  const std::string refusal = "1 holds a date or time outside of the years 1 to 9999";
  constexpr auto kLeast = std::numeric_limits<int64_t>::min();

  for (const int64_t seconds : {int64_t{-62135596801}, int64_t{253402300800}, kLeast}) {
    EXPECT_EQ(Fit(Frame().Fixed<int64_t>("tss:", "a", {seconds}), "datetime"), refusal);
  }
  EXPECT_EQ(Fit(Frame().Fixed<int64_t>("ttu", "a", {86400000000}), "time"), refusal);
  EXPECT_EQ(Fit(Frame().Fixed<int32_t>("tdD", "a", {2932897}), "date"), refusal);
  EXPECT_EQ(Fit(Frame().Fixed<int64_t>("tss:", "a", {-62135596800}), "datetime"),
            "0001-01-01 00:00:00");
}

TEST(FittedColumn, NamesTheRow) {
  EXPECT_EQ(Fit(Frame().Integers("a", {1, 2, 300}), "tinyint(4)").substr(0, 25),
            "3 holds the integer 300, ");
  EXPECT_EQ(Fit(Frame().Texts("a", {"ok", "\xC3"}), "text"),
            "2 holds text that isn't valid UTF-8");
}

}  // namespace
}  // namespace aft
