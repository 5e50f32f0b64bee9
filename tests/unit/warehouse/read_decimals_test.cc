// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/dialects/dialect.h"
#include "plugin/warehouse/dialects/sqlite_statements.h"
#include "plugin/warehouse/read/table_reader.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Database;
using test::ErrorOf;
using test::Table;
using ::testing::ElementsAre;

using Row = std::vector<std::string>;

/// Says of its first column that it is numeric(10, 2), of the second numeric(20, 0), and
/// of the third that it has decimals without saying which.
class DecimalDialect final : public Dialect {
 public:
  DecimalDialect() : Dialect(std::make_unique<SqliteStatements>()) {}
  [[nodiscard]] ReadPlan PlanRead(
      std::string_view sql,
      const std::vector<odbc::ColumnDescription>& columns) const override {
    ReadPlan plan = Dialect::PlanRead(sql, columns);
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      ReadColumnPlan& column = plan.columns[i];
      column.type = {i < 2 ? Kind::kDecimal : Kind::kReal};
      column.type.precision = i == 0 ? 10 : 20;
      column.type.scale = i == 0 ? 2 : 0;
      column.format = CellFormat::kText;
      column.is_decimal = i == 2;
    }
    return plan;
  }
};

class ReadDecimals : public ::testing::Test {
 protected:
  Table Read(const std::string& values, Decimals decimals) {
    TableReader reader(database_.connection(), DecimalDialect(), "SELECT " + values,
                       {.decimals = decimals});
    Table table = test::ReadAll(reader);
    rounded_.clear();
    for (const RoundedValues& each : reader.Rounded()) {
      rounded_ += Text(each.column, ":", each.count, " ");
    }
    return table;
  }

  Database database_;
  std::string rounded_;
};

TEST_F(ReadDecimals, KeepsDeclaredOnesAndRoundsOthers) {
  const Table table = Read(
      "'1.50' AS a, '7' AS b, '0.33333333333333333333' AS c UNION ALL SELECT NULL, NULL, "
      "'12.5'",
      Decimals::kDeclared);

  EXPECT_THAT(table.formats, ElementsAre("d:10,2", "d:20,0", "g"));
  EXPECT_THAT(table.rows,
              ElementsAre(Row{"1.50", "7", "0.3333333333333333"}, Row{"~", "~", "12.5"}));
  EXPECT_EQ(rounded_, "c:1 ");
  EXPECT_EQ(ErrorOf([&] {
              (void)Read("'1' AS a, '123456789012345678901' AS b, '0' AS c",
                         Decimals::kDeclared);
            }),
            "cannot read column 'b': row 1 holds '123456789012345678901' in a column of "
            "decimals of 20 digits; cast it in the query to text or to a floating-point "
            "number");
}

TEST_F(ReadDecimals, KeepsEveryDigitWhereAskedTo) {
  const std::string digits = "0.333333333333333333";

  const Table table =
      Read("'1.50' AS a, '7' AS b, '" + digits + "' AS c", Decimals::kExact);

  EXPECT_THAT(table.formats, ElementsAre("d:10,2", "d:20,0", "d:38,18"));
  EXPECT_THAT(table.rows, ElementsAre(Row{"1.50", "7", digits}));
  EXPECT_EQ(rounded_, "");
  EXPECT_EQ(
      ErrorOf([&] {
        (void)Read("'1' AS a, '7' AS b, '" + digits + "3' AS c", Decimals::kExact);
      }),
      "cannot read column 'c': row 1 holds '" + digits +
          "3' in a column of decimals of 38 digits, 18 of them behind the point; cast it "
          "in the query to a decimal that holds it, or to text, or read it with "
          "decimals=\"float\"");
}

TEST_F(ReadDecimals, MakesTheNearestDoublesOfThoseWithPlacesWhereAskedTo) {
  const Table table = Read(
      "'12345678901234567.1' AS a, '7' AS b, '0.3' AS c UNION ALL SELECT 'NaN', NULL, "
      "'Infinity' UNION ALL SELECT '-9999999999999.99', '1', '0'",
      Decimals::kFloat);

  EXPECT_THAT(table.formats, ElementsAre("g", "d:20,0", "g"));
  EXPECT_THAT(table.rows,
              ElementsAre(Row{"12345678901234568", "7", "0.3"}, Row{"nan", "~", "inf"},
                          Row{"-9999999999999.99", "1", "0"}));
  EXPECT_EQ(rounded_, "a:1 ");
}

TEST_F(ReadDecimals, MakesNumbersOfAllWhereAskedTo) {
  const Table table =
      Read("'1.50' AS a, '9223372036854775807' AS b, '0.1' AS c", Decimals::kReal);

  EXPECT_THAT(table.formats, ElementsAre("g", "l", "g"));
  EXPECT_THAT(table.rows, ElementsAre(Row{"1.5", "9223372036854775807", "0.1"}));
  EXPECT_EQ(ErrorOf([&] {
              (void)Read("'1' AS a, '9223372036854775808' AS b, '0' AS c",
                         Decimals::kReal);
            }),
            "cannot read column 'b': row 1 holds '9223372036854775808' in a column of "
            "integers; cast the column in the query to one type");
}

}  // namespace
}  // namespace aft
