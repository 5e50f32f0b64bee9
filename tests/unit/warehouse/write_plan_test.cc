// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/write_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "plugin/warehouse/dialects/duckdb_statements.h"
#include "plugin/warehouse/dialects/mariadb_statements.h"
#include "plugin/warehouse/dialects/postgres_statements.h"
#include "plugin/warehouse/dialects/sqlite_statements.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::ErrorOf;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const PostgresStatements& Postgres() {
  static const PostgresStatements kStatements{SqlNames{}};
  return kStatements;
}

const MariadbStatements& Mariadb() {
  static const MariadbStatements kStatements(
      SqlNames{.quote = "`", .has_schemas = false, .has_catalogs = true});
  return kStatements;
}

const SqliteStatements& Sqlite() {
  static const SqliteStatements kStatements;
  return kStatements;
}

const DuckdbStatements& Duckdb() {
  static const DuckdbStatements kStatements;
  return kStatements;
}

/// A database that nothing is known of and that commits what makes a table.
const WriteStatements& Unknown() {
  static const WriteStatements kStatements(SqlNames{}, /*has_transactional_ddl=*/false);
  return kStatements;
}

WriteRequest To(WriteMode mode, SchemaChange schema_change = SchemaChange::kRefuseNew) {
  WriteRequest request;
  request.relation = {"", "s", "t", true, false, false};
  request.mode = mode;
  request.schema_change = schema_change;
  if (HasKey(mode)) request.unique_key = {"k"};
  return request;
}

TableColumn Filled(const std::string& name) {
  TableColumn column(name, "bigint");
  column.is_filled = true;
  return column;
}

WriteTarget TableOf(std::vector<TableColumn> columns) {
  WriteTarget target;
  target.kind = RelationKind::kTable;
  target.columns = std::move(columns);
  return target;
}

/// As the frame, but for one column that each has and the other has not.
WriteTarget Table() {
  return TableOf({{"k", "bigint"}, {"v", "varchar(9)"}, {"old", "int"}, Filled("id")});
}

WriteTarget TableWithView() {
  WriteTarget target = TableOf({{"k", "bigint"}, {"v", "varchar(9)"}, Filled("id")});
  target.has_belongings = true;
  target.fits = true;
  return target;
}

WriteTarget View() {
  WriteTarget target;
  target.kind = RelationKind::kView;
  return target;
}

const std::vector<TableColumn> kFrame = {{"k", "bigint"}, {"v", "text"}};
const std::vector<TableColumn> kWiderFrame = {
    {"k", "bigint"}, {"v", "text"}, {"new", "date"}};

std::string Plan(const WriteStatements& database, const WriteRequest& request,
                 WriteTarget target, const std::vector<TableColumn>& columns = kFrame) {
  target.may_make_temporary = &database != &Unknown() && &database != &Duckdb();
  return ToText(PlanWrite(request, columns, target, "aft_staging_7", database), database);
}

std::string Refusal(const WriteRequest& request, const WriteTarget& target,
                    const std::vector<TableColumn>& columns = kFrame) {
  return ErrorOf([&] { (void)Plan(Postgres(), request, target, columns); });
}

/// The plans of a database under titles.
std::string PlansOf(const WriteStatements& database) {
  static const std::vector<std::pair<std::string, WriteMode>> kModes = {
      {"append", WriteMode::kAppend},
      {"upsert", WriteMode::kUpsert},
      {"delete+insert", WriteMode::kDeleteInsert}};
  static const std::vector<std::pair<std::string, SchemaChange>> kPolicies = {
      {"ignore", SchemaChange::kIgnore},
      {"append_new_columns", SchemaChange::kAppendNewColumns},
      {"sync_all_columns", SchemaChange::kSyncAllColumns}};
  std::string text;
  const auto add = [&](const std::string& title, const WriteRequest& request,
                       const WriteTarget& target,
                       const std::vector<TableColumn>& columns = kFrame) {
    text += "# " + title + "\n" + Plan(database, request, target, columns);
  };
  const WriteRequest overwrite = To(WriteMode::kOverwrite);
  add("overwrite nothing", overwrite, {});
  add("overwrite a table", overwrite, Table());
  add("overwrite a table that has a view", overwrite, TableWithView());
  add("overwrite a view", overwrite, View());
  for (const auto& [mode_name, mode] : kModes) {
    add(mode_name + " to nothing", To(mode), {});
    add(mode_name + " to a table", To(mode), Table());
    for (const auto& [policy_name, policy] : kPolicies) {
      add(Text(mode_name, " with ", policy_name), To(mode, policy), Table(), kWiderFrame);
    }
  }
  return text;
}

std::string Expected(const std::string& database) {
  std::ifstream file(std::string(AFT_WRITE_PLANS) + "/" + database + ".txt");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(PlanWrite, HasAPlanForEachModeTargetAndPolicyOnPostgresql) {
  EXPECT_EQ(PlansOf(Postgres()), Expected("postgresql"));
}

TEST(PlanWrite, HasAPlanForEachModeTargetAndPolicyOnMariadb) {
  EXPECT_EQ(PlansOf(Mariadb()), Expected("mariadb"));
}

TEST(PlanWrite, HasAPlanForEachModeTargetAndPolicyOnDuckdb) {
  EXPECT_EQ(PlansOf(Duckdb()), Expected("duckdb"));
}

TEST(PlanWrite, HasAPlanForEachModeTargetAndPolicyOnSqlite) {
  EXPECT_EQ(PlansOf(Sqlite()), Expected("sqlite"));
}

TEST(PlanWrite, HasAPlanForEachModeTargetAndPolicyWhereTheDatabaseIsUnknown) {
  EXPECT_EQ(PlansOf(Unknown()), Expected("unknown"));
}

TEST(PlanWrite, RefusesAKeyThatIsNoneOrNotThere) {
  WriteRequest upsert = To(WriteMode::kUpsert);
  upsert.unique_key = {};
  EXPECT_EQ(Refusal(upsert, Table()),
            "cannot upsert into 's.t': it takes a unique_key, the columns that rows are "
            "found by");
  upsert.unique_key = {"v", "w"};
  EXPECT_EQ(Refusal(upsert, Table()),
            "cannot upsert into 's.t': unique_key names a column 'w', which the frame "
            "doesn't have");
  upsert.unique_key = {"new"};
  upsert.schema_change = SchemaChange::kAppendNewColumns;
  EXPECT_EQ(Refusal(upsert, Table(), kWiderFrame),
            "cannot upsert into 's.t': unique_key names a column 'new', which the table "
            "doesn't have");
  WriteRequest append = To(WriteMode::kAppend);
  append.unique_key = {"k"};
  EXPECT_EQ(Refusal(append, Table()),
            "cannot append to 's.t': unique_key is for the modes 'upsert' and "
            "'delete+insert'");
}

TEST(PlanWrite, RefusesOtherColumnsAsThePolicySays) {
  EXPECT_EQ(Refusal(To(WriteMode::kUpsert), Table(), kWiderFrame),
            "cannot upsert into 's.t': the table has no column 'new'; add it, leave it "
            "out of the frame, or choose another on_schema_change");
  EXPECT_EQ(Refusal(To(WriteMode::kAppend, SchemaChange::kFail), Table()),
            "cannot append to 's.t': the frame has no column 'old', which the table has; "
            "add it to the frame, or choose another on_schema_change");
  EXPECT_EQ(Refusal(To(WriteMode::kAppend, SchemaChange::kFail),
                    TableOf({{"k", "bigint"}, {"v", "text"}, Filled("id")})),
            "");
}

TEST(PlanWrite, RefusesARelationThatTakesNoRows) {
  EXPECT_EQ(Refusal(To(WriteMode::kDeleteInsert), View()),
            "cannot delete and insert in 's.t': it is a view, which takes no rows; "
            "overwrite it or choose another name");
}

TEST(PlanWrite, RefusesToDeleteRowsThatOthersHangOn) {
  WriteTarget target = TableWithView();
  target.delete_blocker = "table o refers to it";
  for (const WriteMode mode : {WriteMode::kOverwrite, WriteMode::kDeleteInsert}) {
    EXPECT_THAT(Refusal(To(mode), target),
                EndsWith("'s.t': table o refers to it; without its old rows, those would "
                         "be deleted or changed as well"));
  }
  EXPECT_EQ(Refusal(To(WriteMode::kUpsert), target), "");
}

TEST(PlanWrite, LetsRowsWaitBesideTheTargetWhereTheSessionMayHaveNoTableOfItsOwn) {
  const auto plan = [](const WriteStatements& database) {
    const WriteRequest upsert = To(WriteMode::kUpsert, SchemaChange::kAppendNewColumns);
    return ToText(PlanWrite(upsert, kWiderFrame, Table(), "aft_staging_7", database),
                  database);
  };

  EXPECT_THAT(plan(Postgres()), AllOf(StartsWith("CREATE TABLE s.\"aft_staging_7\" ("),
                                      HasSubstr("\nDROP TABLE s.\"aft_staging_7\"\n")));
  EXPECT_THAT(plan(Mariadb()),
              AllOf(StartsWith("CREATE TABLE s.`aft_staging_7` AS SELECT"),
                    EndsWith("\ncommit\nDROP TABLE s.`aft_staging_7`\n")));
}

TEST(PlanWrite, SwapsInATableWhereColumnsOrTypesAreOthers) {
  WriteRequest with_types = To(WriteMode::kOverwrite);
  with_types.column_types = {{"v", "text"}};
  WriteTarget of_other_types = TableWithView();
  of_other_types.has_types = false;
  WriteTarget others = TableWithView();
  others.fits = false;

  const std::string plan = Plan(Postgres(), To(WriteMode::kOverwrite), Table());
  EXPECT_EQ(Plan(Postgres(), with_types, of_other_types), plan);
  EXPECT_EQ(Plan(Postgres(), To(WriteMode::kOverwrite), others), plan);
}

TEST(PlanWrite, MakesATableLikeTheOldOneThatHasItsColumns) {
  WriteRequest overwrite = To(WriteMode::kOverwrite);
  WriteTarget target = TableWithView();
  target.has_belongings = false;
  target.is_copyable = true;

  EXPECT_THAT(Plan(Mariadb(), overwrite, target),
              StartsWith("CREATE TABLE s.`aft_staging_7` LIKE s.t\n"));
  overwrite.renewed = {"v"};
  EXPECT_THAT(Plan(Mariadb(), overwrite, target),
              StartsWith("CREATE TABLE s.`aft_staging_7` (`k` bigint, `v` text)\n"));
}

TEST(PlanWrite, SetsATableAsideWhoseViewsAreBuiltAnew) {
  WriteRequest overwrite = To(WriteMode::kOverwrite);
  overwrite.rebuilt = {{"", "S", "V", true, false, false}, {"", "s", "m"}};
  WriteTarget target = Table();
  target.views = {{"s", "v"}};
  const PostgresStatements database(SqlNames{.folding = Folding::kLower});

  EXPECT_THAT(Plan(database, overwrite, target),
              EndsWith("\ncount\nALTER TABLE s.t RENAME TO \"aft_old_7\"\n"
                       "ALTER TABLE s.\"aft_staging_7\" RENAME TO t\ncommit\n"));
  target.views.push_back({"s", "m", /*is_materialized=*/true});
  EXPECT_EQ(
      Refusal(overwrite, target),
      "cannot write 's.t': view 's.v' depends on its old columns, and this run does "
      "not build it anew; drop it, or build it in the same run");
  target.views.erase(target.views.begin());
  EXPECT_EQ(Refusal(overwrite, target),
            "cannot write 's.t': materialized view 's.m' depends on its old columns, and "
            "this run does not build it anew; drop it, or build it in the same run");
  target.views = {{"s", "v"}};
  target.drop_blocker = "table o refers to it";
  EXPECT_EQ(ErrorOf([&] { (void)Plan(database, overwrite, target); }),
            "cannot write 's.t': table o refers to it, and its columns are others now");
}

TEST(PlanWrite, NamesColumnsAsTheTableDoesAndEachOfAKeyOnce) {
  WriteRequest upsert = To(WriteMode::kUpsert);
  upsert.unique_key = {"K", "k", "v"};
  EXPECT_THAT(Plan(Sqlite(), upsert, TableOf({{"K", "int"}, {"V", "date"}})),
              HasSubstr("\ncounted: INSERT INTO s.t (\"K\", \"V\") SELECT"));
  EXPECT_THAT(Plan(Sqlite(), upsert, TableOf({{"K", "int"}, {"V", "date"}})),
              Not(HasSubstr("UPDATE")));
}

TEST(PlanWrite, TellsWhatBecomesOfColumns) {
  const auto notices = [](SchemaChange policy) {
    return PlanWrite(To(WriteMode::kAppend, policy), kWiderFrame, Table(), "x",
                     Postgres())
        .notices;
  };
  const std::string has_null =
      "'s.t' gets NULL in new rows for columns that the frame doesn't have: 'old'";
  EXPECT_THAT(notices(SchemaChange::kIgnore),
              ElementsAre("on_schema_change for 's.t': left out: the table doesn't have "
                          "them: 'new'",
                          has_null));
  EXPECT_THAT(
      notices(SchemaChange::kAppendNewColumns),
      ElementsAre("on_schema_change for 's.t': added to the table: 'new'", has_null));
  EXPECT_THAT(notices(SchemaChange::kSyncAllColumns),
              ElementsAre("on_schema_change for 's.t': added to the table: 'new'",
                          "on_schema_change for 's.t': dropped from the table: 'old'"));
}

}  // namespace
}  // namespace aft
