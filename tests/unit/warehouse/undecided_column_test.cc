// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/undecided_column.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Database;
using test::Table;
using ::testing::ElementsAre;

/// A query over three rows, read in batches of two, and how often SQLite has run it to
/// find out what its column holds.
class UndecidedColumns : public ::testing::Test {
 protected:
  Table Read(const std::string& values) {
    odbc::Connection connection(database_.ConnectionString(";Tracefile=" + trace_));
    const std::unique_ptr<Dialect> dialect = MakeDialect(connection);
    TableReader reader(connection, *dialect, "SELECT column1 AS a FROM (" + values + ")",
                       {.batch_rows = 2});
    return test::ReadAll(reader);
  }
  [[nodiscard]] int questions() const {
    int count = 0;
    std::ifstream lines(trace_);
    for (std::string line; std::getline(lines, line);) {
      if (line.find("max(typeof(c0)") != std::string::npos) ++count;
    }
    return count;
  }

  Database database_;
  std::string trace_ = database_.folder() / "trace";
};

TEST_F(UndecidedColumns, AreDecidedByTheFirstBatchWhereTheRestCanChangeNothing) {
  const Table table = Read("VALUES (1), (0.5), (2)");

  EXPECT_THAT(table.formats, ElementsAre("g"));
  EXPECT_EQ(table.rows.size(), 3);
  EXPECT_EQ(questions(), 0);
}

TEST_F(UndecidedColumns, OfIntegersAskWhetherDoublesFollow) {
  const Table table = Read("VALUES (1), (2), (0.5)");

  EXPECT_THAT(table.formats, ElementsAre("g"));
  EXPECT_EQ(table.rows.size(), 3);
  EXPECT_GT(questions(), 0);
}

TEST_F(UndecidedColumns, OfNullsAskWhatFollows) {
  const Table table = Read("VALUES (NULL), (NULL), ('text')");

  EXPECT_THAT(table.formats, ElementsAre("u"));
  EXPECT_EQ(table.rows.size(), 3);
  EXPECT_GT(questions(), 0);
}

}  // namespace
}  // namespace aft
