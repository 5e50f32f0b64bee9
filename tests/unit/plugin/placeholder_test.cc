// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/placeholder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

namespace aft {
namespace {

using testing::HasSubstr;

/// The only node of a manifest, whose SQL is `sql`.
Placeholder Read(const std::string& sql, const char* adapter = "postgres",
                 const char* other_name = "\"db\".\"dbt_me\".\"orders\"") {
  const boost::json::value root = {{"metadata", {{"adapter_type", adapter}}},
                                   {"nodes",
                                    {{"m",
                                      {{"name", "m"},
                                       {"database", "db"},
                                       {"schema", "dbt_me_marts"},
                                       {"alias", "ltvs"},
                                       {"package_name", "shop"},
                                       {"original_file_path", "models/marts/m.sql"},
                                       {"raw_code", sql}}},
                                     {"orders", {{"relation_name", other_name}}}}}};
  return ReadPlaceholders(root.as_object(), {"m"}).at(0);
}

TEST(Placeholder, KnowsItsTableAndItsCompiledFile) {
  const Placeholder placeholder = Read("");

  EXPECT_EQ(placeholder.table.Text(), "\"db\".\"dbt_me_marts\".\"ltvs\"");
  EXPECT_EQ(placeholder.compiled_file, "compiled/shop/models/marts/m.sql");
  EXPECT_EQ(Read("", "sqlite", "main.\"orders\"").table.Text(), "dbt_me_marts.\"ltvs\"");
}

TEST(Placeholder, KnowsItsSqlWhereTheTextAloneTellsItsTables) {
  EXPECT_TRUE(Read("/* {{ ref('a') }} {{ source('b', 'c') }} */ select * from a.b").sql);
  EXPECT_TRUE(Read("{{ config(alias='x') }} {# {{ any() }} #} select 1").sql);
  EXPECT_TRUE(Read("select * from {{ this }} {% if x %} where y {% endif %}").sql);
  EXPECT_FALSE(Read("-- {{ this }}\nselect * from {{ any() }}").sql);
  EXPECT_FALSE(Read("select * from {{ target.schema }}.{{ model.name }}").sql);
  EXPECT_FALSE(Read("--placeholder--").sql);
}

TEST(Placeholder, IsRightWhereItReadsWhatItsScriptsHaveWritten) {
  const TableWrites written{true, true, {}};
  const char* generated =
      "select * from {{ api.Relation.create(database=this.database, schema=this.schema, "
      "identifier=this.identifier) }}";
  for (const char* sql :
       {"select * from {{ this }}", generated, "select * from dbt_me_marts.LTVS",
        "select * from {{ ref('a') }}, dbt_me_marts.ltvs as x"}) {
    const Placeholder placeholder = Read(sql);
    ASSERT_TRUE(placeholder.sql) << sql;
    EXPECT_EQ(Judge(placeholder, *placeholder.sql, written).problem, "") << sql;
  }
}

TEST(Placeholder, MayNotReadAnotherTableThanItsScriptsHaveWritten) {
  const TableWrites written{true, true, {}};

  EXPECT_EQ(Judge(Read(""), "select * from dbt_me.m", written).problem,
            "a script of 'm' has written \"db\".\"dbt_me_marts\".\"ltvs\", but "
            "models/marts/m.sql selects from dbt_me.m; let it say: select * from "
            "{{ this }}");
  EXPECT_THAT(Judge(Read(""), "select 1", written).problem,
              HasSubstr("selects from no table"));
  EXPECT_NE(Judge(Read(""), "select * from dbt_me.ltvs", written).problem, "");
}

TEST(Placeholder, NeedsAWrite) {
  const Placeholder placeholder = Read("select * from {{ this }}");
  const auto judged = [&](const TableWrites& writes) {
    return Judge(placeholder, *placeholder.sql, writes);
  };

  EXPECT_THAT(judged({false, false, {}}).problem, HasSubstr("and none of them can"));
  EXPECT_THAT(judged({false, true, false}).problem, HasSubstr("no such table"));
  EXPECT_EQ(judged({false, true, true}).problem, "");
  EXPECT_THAT(judged({false, true, true}).warning, HasSubstr("rows of an earlier run"));
  EXPECT_THAT(judged({false, true, {}}).warning, HasSubstr("rows of an earlier run"));
  // In another schema it is its own table all the same, as far as the user knows.
  EXPECT_NE(Judge(placeholder, "select * from dbt_me.ltvs", {}).problem, "");
}

TEST(Placeholder, NeedsNoWriteWhereItIsAQueryLikeAnyOther) {
  Placeholder query = Read("select 1 from {{ ref('orders') }}");
  EXPECT_EQ(Judge(query, *query.sql, {}).problem, "");

  Placeholder optional = Read("select * from {{ this }}");
  optional.may_leave_table = true;
  const PlaceholderVerdict verdict = Judge(optional, *optional.sql, {});
  EXPECT_EQ(verdict.problem + verdict.warning, "");
}

}  // namespace
}  // namespace aft
