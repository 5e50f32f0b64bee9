// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/table_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> NamesIn(const char* sql) {
  std::vector<std::string> names;
  for (const TableName& table : TablesIn(sql)) names.push_back(table.Text());
  return names;
}

bool IsSame(const char* a, const char* b, NameFolding folding) {
  return IsSameTable(ParseTableName(a), ParseTableName(b), folding) &&
         IsSameTable(ParseTableName(b), ParseTableName(a), folding);
}

TEST(TablesIn, FindsThemInAnyQuotesAndPlaces) {
  EXPECT_THAT(NamesIn("select * from main.orders"), ElementsAre("main.orders"));
  EXPECT_THAT(NamesIn("select 1 FROM\n\"db\" . \"my\"\"s\".t as x"),
              ElementsAre("\"db\".\"my\"s\".t"));
  EXPECT_THAT(NamesIn("select * from `shop`.`o` join [dbo].[p] on true"),
              ElementsAre("\"shop\".\"o\"", "\"dbo\".\"p\""));
  EXPECT_THAT(NamesIn("select * from a.x as x, b.y, only c left join lateral d on true"),
              ElementsAre("a.x", "b.y", "c", "d"));
  EXPECT_THAT(NamesIn("select (select max(id) from a.x), v[1] from (select 1 from b.y)"),
              ElementsAre("a.x", "b.y"));
}

TEST(TablesIn, FindsThemBehindAnythingThatACommaMayFollow) {
  EXPECT_THAT(NamesIn("select * from (select 1 from a) x, b"), ElementsAre("b", "a"));
  EXPECT_THAT(NamesIn("select * from (values (1, 2)) as x (y, z), a t (u, v), b"),
              ElementsAre("a", "b"));
  EXPECT_THAT(NamesIn("select * from a join b using (x, y), c where d in (1, 2), e"),
              ElementsAre("a", "c", "b"));
  EXPECT_THAT(NamesIn("select * from f(1) with ordinality as n (x, y), a"),
              ElementsAre("a"));
  EXPECT_THAT(NamesIn("select * from ((a join b on true) join c on true), d"),
              ElementsAre("a", "d", "b", "c"));
  EXPECT_THAT(NamesIn("select (select max(x) from a), b from c order by d, e"),
              ElementsAre("a", "c"));
  EXPECT_THAT(NamesIn("select a is distinct from b, c from d"), ElementsAre("d"));
  EXPECT_THAT(NamesIn("select * from (((a, b"), ElementsAre("a"));
}

TEST(TablesIn, LeavesOutCommentsLiteralsFunctionsAndNamesOfTheQuerysOwn) {
  EXPECT_THAT(NamesIn("/* from a */ -- from b\nselect ' from c ', 'it''s from d'"),
              IsEmpty());
  EXPECT_THAT(NamesIn("select $$ from a $$, $t$ from b $$ $t$ from c"), ElementsAre("c"));
  EXPECT_THAT(NamesIn("select * from generate_series(1, (3)) as n, a.x"),
              ElementsAre("a.x"));
  EXPECT_THAT(NamesIn("select * from unfinished(("), IsEmpty());
  EXPECT_THAT(NamesIn("with m as (select 1 from a), N (x) as not materialized (select 2) "
                      "select * from m join n on true"),
              ElementsAre("a"));
  EXPECT_THAT(NamesIn(""), IsEmpty());
  EXPECT_THAT(NamesIn("select \"unfinished from a"), IsEmpty());
}

TEST(TableName, IsComparedAsTheDatabaseReadsIt) {
  using enum NameFolding;
  EXPECT_TRUE(IsSame("Shop.Orders", "\"shop\".\"orders\"", kLower));
  EXPECT_FALSE(IsSame("shop.Orders", "\"shop\".\"Orders\"", kLower));
  EXPECT_FALSE(IsSame("\"shop\".\"Orders\"", "\"shop\".\"orders\"", kLower));
  EXPECT_TRUE(IsSame("shop.orders", "\"SHOP\".\"ORDERS\"", kUpper));
  EXPECT_TRUE(IsSame("shop.\"Orders\"", "SHOP.orders", kIgnored));

  EXPECT_TRUE(IsSame("shop.orders", "\"db\".\"shop\".\"orders\"", kLower));
  EXPECT_FALSE(IsSame("dbt_me.orders", "dbt_me_marts.orders", kLower));
  EXPECT_FALSE(IsSame("other.shop.orders", "db.shop.orders", kIgnored));
}

TEST(TableName, WithoutASchemaIsInTheDefaultOneWhereThatIsKnown) {
  EXPECT_TRUE(IsSame("orders", "main.orders", NameFolding::kIgnored));
  EXPECT_TRUE(IsSame("orders", "public.orders", NameFolding::kLower));
  EXPECT_FALSE(IsSame("orders", "dbt_me.orders", NameFolding::kLower));
}

}  // namespace
}  // namespace aft
