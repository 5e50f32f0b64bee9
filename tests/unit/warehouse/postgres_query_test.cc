// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/dialects/postgres_query.h"

#include <gtest/gtest.h>

namespace aft {
namespace {

TEST(PostgresQuery, TakesQueriesWithoutTheirEnd) {
  EXPECT_EQ(SubqueryOf("select 1"), "select 1");
  EXPECT_EQ(SubqueryOf("SELECT a FROM t;\n; -- end"), "SELECT a FROM t");
  EXPECT_EQ(SubqueryOf("values (1)"), "values (1)");
  EXPECT_EQ(SubqueryOf("(select 1) union (select 2)"), "(select 1) union (select 2)");
  EXPECT_EQ(SubqueryOf("with q as (select 1) select * from q ; "),
            "with q as (select 1) select * from q ");
  EXPECT_EQ(SubqueryOf("/* a /* b */ ; */ table t"), "/* a /* b */ ; */ table t");
}

TEST(PostgresQuery, LeavesOtherStatementsAlone) {
  for (const char* sql :
       {"", "  ", "-- select 1", "insert into t values (1) returning a", "show all",
        "explain select 1", "select 1; select 2",
        "with gone as (DELETE from t returning a) select a from gone"}) {
    EXPECT_EQ(SubqueryOf(sql), "") << sql;
  }
}

TEST(PostgresQuery, ReadsNothingBetweenQuotes) {
  for (const char* sql :
       {"select ';'", "select 'it''s; '", "select E'it\\'s; '", "select $$;$$",
        "select $a$ ; $$ ; $a$", "select \"a;b\" from t", "select 1 -- ; select",
        "with q as (select 'delete') select \"insert\" from q"}) {
    EXPECT_EQ(SubqueryOf(sql).substr(0, 8), std::string(sql).substr(0, 8)) << sql;
  }
  EXPECT_EQ(SubqueryOf("select '\\'; select 2"), "");
  EXPECT_EQ(SubqueryOf("select $1, a$b; select 2"), "");
}

}  // namespace
}  // namespace aft
