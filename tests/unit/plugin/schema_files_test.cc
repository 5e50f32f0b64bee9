// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/schema_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Find(const TemporaryFolder& folder) {
  std::vector<std::string> paths;
  for (const ExpectedScript& script :
       FindBoundScripts(ReadProjectConfig(folder.path())).of_nodes)
    paths.push_back(script.path);
  return paths;
}

TEST(SchemaFiles, GiveTheScriptsOfEveryFormOfBinding) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/schema.yml", R"(
models:
  - name: a
    meta: {fal: {scripts: {before: [a.py], after: [b.py, {path: c.py}]}}}
  - name: b
    config: {meta: {aft: {scripts: [d.py]}}}
  - name: c
    meta: {fal: {pre-hook: [f.py], post-hook: [{path: g.sh}]}}
)");
  folder.Write("seeds/seeds.yaml",
               "seeds: [{meta: {fal: {scripts: {after: [e.py]}}}}]\n");

  EXPECT_THAT(Find(folder), UnorderedElementsAre("a.py", "b.py", "c.py", "d.py", "e.py",
                                                 "f.py", "g.sh"));
}

TEST(SchemaFiles, GiveTheEntriesThatHaveScripts) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml",
               "name: shop\nmodels: {shop: {+meta: {aft: {scripts: [a.py]}}}}\n");
  folder.Write("models/schema.yml", R"(
_shared: [{name: x, meta: &meta {aft: {scripts: [a.py]}}}]
models:
  - {name: plain, meta: {aft: {environment: ml}}}
  - {name: "{{ var('m') }}", meta: *meta}
  - {name: a, columns: [{name: id, meta: *meta}], config: {meta: *meta}}
  - name: b
    versions: [{v: 1}, {v: 2, config: {meta: {aft: {pre-hook: [a.py]}}}}]
seeds: [{name: c, meta: {fall: {scripts: [a.py]}}}]
sources:
  - {name: raw, meta: *meta, tables: [{name: orders, meta: *meta}]}
)");
  std::vector<std::string> entries;

  for (const ScriptedEntry& entry :
       FindBoundScripts(ReadProjectConfig(folder.path())).entries)
    entries.push_back(
        Text(entry.place, ": ", entry.kind, " ", entry.name, " ", entry.version));

  EXPECT_THAT(entries, UnorderedElementsAre("models/schema.yml, line 6: models a ",
                                            "models/schema.yml, line 8: models b 2",
                                            "models/schema.yml, line 9: seeds c ",
                                            "models/schema.yml, line 11: sources raw ",
                                            "models/schema.yml, line 11: sources "
                                            "raw.orders "));
}

TEST(SchemaFiles, TellHooksFromThoseOfDbt) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", R"(
name: shop
models: {shop: {aft: {+pre-hook: "vacuum.all", pre-hook: ["set a.b = 1"]}, fall: {pre-hook: "set"}}}
)");
  const auto problems = [&](const std::string& text) {
    folder.Write("models/schema.yml", text);
    return FindBoundScripts(ReadProjectConfig(folder.path())).problems;
  };

  EXPECT_THAT(problems("models: [{name: a, config: {pre-hook: [a.b]}}]"), IsEmpty());
  EXPECT_EQ(problems("models: [{name: a, fal: {post-hook: [a.py]}}]").size(), 1U);
  EXPECT_EQ(problems("models: [{name: a, fall: {post-hook: [a.py]}}]").size(), 1U);
}

TEST(SchemaFiles, CountOnlyWhereDbtReadsThem) {
  const TemporaryFolder folder;
  const std::string binding = "models: [{meta: {fal: {scripts: [a.py]}}}]\n";
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/drafts/schema.yml", binding);
  folder.Write("models/drafts/a.sql", "{{ config(meta={'fal': {}}) }}");
  folder.Write("models/kept/drafts/schema.yml", binding);
  const auto read_with = [&](const std::string& dbtignore) {
    folder.Write(".dbtignore", dbtignore);
    return FindBoundScripts(ReadProjectConfig(folder.path()));
  };

  EXPECT_EQ(read_with("# none\n").of_nodes.size(), 2U);
  EXPECT_TRUE(MayBindInSql(ReadProjectConfig(folder.path())));
  for (const char* ignored : {"models/drafts/\n", "/models/drafts/*\n",
                              "*.sql\ndrafts\n"
                              "!models/kept/drafts\n",
                              "models/drafts/**/*\n"}) {
    const ExpectedScripts found = read_with(ignored);
    ASSERT_EQ(found.of_nodes.size(), 1U) << ignored;
    EXPECT_EQ(found.of_nodes[0].place, "models/kept/drafts/schema.yml, line 1");
    EXPECT_THAT(found.of_ignored, ElementsAre("a.py"));
    EXPECT_FALSE(MayBindInSql(ReadProjectConfig(folder.path()))) << ignored;
  }
  EXPECT_THAT(read_with("drafts/\n").of_nodes, IsEmpty());
}

TEST(SchemaFiles, SayWhereAScriptIsBound) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/schema.yml", R"(
models:
  - name: a
    meta:
      aft:
        scripts:
          - a.py
)");

  EXPECT_EQ(FindBoundScripts(ReadProjectConfig(folder.path())).of_nodes.at(0).place,
            "models/deep/schema.yml, line 7");
}

TEST(SchemaFiles, TellTheScriptsOfARunFromThoseOfNodes) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/a.yml", "version: 2\nfal: {scripts: {before: [a.py]}}\n");

  const ExpectedScripts found = FindBoundScripts(ReadProjectConfig(folder.path()));

  EXPECT_THAT(found.of_nodes, IsEmpty());
  ASSERT_EQ(found.of_runs.size(), 1U);
  EXPECT_EQ(found.of_runs[0].path, "a.py");
  EXPECT_EQ(found.of_runs[0].product, "fal");
  EXPECT_EQ(found.of_runs[0].place, "models/a.yml, line 2");
}

TEST(SchemaFiles, BindScriptsToRunsAsToNodes) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/b.yml", "fal: {scripts: [b.py], post-hook: [c.py]}\n");
  folder.Write("models/a.yml", R"(
aft:
  environment: ml
  scripts: {before: [{path: a.py, with: {n: 1, s: "1", y: yes, f: 0.5}, retries: 2}]}
)");

  const ExpectedScripts found = FindBoundScripts(ReadProjectConfig(folder.path()));

  ASSERT_EQ(found.run_bindings.size(), 2U);
  const ScriptBinding& first = found.run_bindings[0];
  EXPECT_EQ(first.path, "a.py");
  EXPECT_EQ(first.when, When::kBefore);
  EXPECT_EQ(first.environment, "ml");
  EXPECT_EQ(first.arguments, R"({"n":1,"s":"1","y":true,"f":5E-1})");
  EXPECT_EQ(first.limits.retries, 2);
  EXPECT_EQ(found.run_bindings[1].when, When::kAfter);
  EXPECT_THAT(found.run_problems,
              ElementsAre("models/b.yml, line 1: fal: post-hook 'c.py' has no node; put "
                          "it under the 'meta' of one"));
}

TEST(SchemaFiles, RefuseScriptsThatDbtDoesNotHandOver) {
  const TemporaryFolder folder;
  // The names of folders of models, in dbt_project.yml, are nobody's misspellings.
  folder.Write("dbt_project.yml",
               "name: shop\nvars: {fal: {scripts: [a.py]}}\n"
               "models: {shop: {configs: {+meta: {aft: {scripts: [a.py]}}}}}\n");
  folder.Write("models/a.yml", R"(
models:
  - {name: a, metta: {fal: {scripts: [a.py]}}}
  - {name: b, config: {aft: {scripts: [a.py]}}}
  - {name: c, Aft: {script: a.py}}
  - {name: d, meta: {fall: {scripts: [told-by-the-manifest.py]}}}
  - {name: e, alt: {after: 1}, Meta: {fal: 1}, beta: {scripts: [x]}, fal: {owner: me}}
  - {name: f, confg: {meta: {aft: {scripts: [a.py]}}}}
  - {name: g, meta: {scripts: {after: [{path: a.py}]}}}
  - {name: h, meta: {scripts: [docs/of/others]}}
)");

  EXPECT_THAT(
      FindBoundScripts(ReadProjectConfig(folder.path())).problems,
      ElementsAre("models/a.yml, line 3: the scripts under 'metta: fal:' do not "
                  "run; did you mean 'meta'?",
                  "models/a.yml, line 4: the scripts under 'aft' do not run because "
                  "it stands under 'config'; put it under 'meta'",
                  "models/a.yml, line 5: the scripts under 'Aft' do not run; did "
                  "you mean 'meta: aft:'?",
                  "models/a.yml, line 8: the scripts under 'confg: meta: aft:' do not "
                  "run; did you mean 'config'?",
                  "models/a.yml, line 9: the scripts directly under 'meta' do not run; "
                  "put them under 'meta: aft:'"));
}

TEST(SchemaFiles, RefuseScriptsUnderOtherKeysThanThoseOfTheirNodes) {
  const TemporaryFolder folder;
  const std::string scripts = "[{name: a, meta: {aft: {scripts: [a.py]}}}]\n";
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/a.yml", "version: 2\nModels: " + scripts + "model: " + scripts +
                                   "groups: " + scripts + "models: " + scripts +
                                   "x-common: " + scripts + "sorces: []\n");

  EXPECT_THAT(FindBoundScripts(ReadProjectConfig(folder.path())).problems,
              ElementsAre("models/a.yml, line 2: the scripts under 'Models' do not run; "
                          "did you mean 'models'?",
                          "models/a.yml, line 3: the scripts under 'model' do not run; "
                          "did you mean 'models'?",
                          "models/a.yml, line 4: the scripts under 'groups' cannot run; "
                          "bind them to a model, seed, snapshot or source"));
}

TEST(SchemaFiles, SayWhetherTheManifestMayHaveMore) {
  const auto may_be_more = [](const std::string& meta) {
    const TemporaryFolder folder;
    folder.Write("dbt_project.yml", "name: shop\n");
    folder.Write("models/a.yml", "models: [{description: x, meta: " + meta + "}]\n");
    return FindBoundScripts(ReadProjectConfig(folder.path())).may_be_more;
  };

  for (const char* meta : {"{aft: {script: [a.py]}}", "{fal: {scripts: a.py}}",
                           "{aft: 3}", "{fall: {scripts: [a.py]}}"})
    EXPECT_TRUE(may_be_more(meta)) << meta;
  for (const char* meta : {"{aft: {scripts: [a.py]}}", "{owner: me}", "{fall: 3}"})
    EXPECT_FALSE(may_be_more(meta)) << meta;
}

TEST(SchemaFiles, TellTheScriptsOfSourcesFromThoseOfNodes) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", R"(
sources: {shop: {+meta: {aft: {scripts: [a.py]}}}}
)");
  folder.Write("models/schema.yml", R"(
sources:
  - name: bank
    tables: [{name: payments, meta: {aft: {scripts: {before: [b.py]}}}}]
models: [{name: x, meta: {aft: {scripts: [{path: c.py}]}}}]
)");

  std::vector<std::string> of_sources;
  std::vector<std::string> of_nodes;
  for (const ExpectedScript& script :
       FindBoundScripts(ReadProjectConfig(folder.path())).of_nodes)
    (script.is_of_source ? of_sources : of_nodes).push_back(script.path);

  EXPECT_THAT(of_sources, UnorderedElementsAre("a.py", "b.py"));
  EXPECT_THAT(of_nodes, ElementsAre("c.py"));
}

TEST(SchemaFiles, AreNotAllThatMayBindAScript) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/a.sql", "select 1 as scripts");
  EXPECT_FALSE(MayBindInSql(ReadProjectConfig(folder.path())));

  folder.Write("models/deep/b.sql",
               "{{ config(meta={'fal': {'scripts': {'after': ['b.py']}}}) }} select 1");

  EXPECT_TRUE(MayBindInSql(ReadProjectConfig(folder.path())));
}

TEST(SchemaFiles, AreSearchedBelowTheProjectsOwnPaths) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\nmodel-paths: [sql]\n");
  folder.Write("sql/schema.yml", "meta: {fal: {scripts: [a.py]}}\n");
  folder.Write("models/schema.yml", "meta: {fal: {scripts: [b.py]}}\n");

  EXPECT_THAT(Find(folder), ElementsAre("a.py"));
}

TEST(SchemaFiles, ThatAreBrokenAreLeftToDbt) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: [shop\n");
  folder.Write("models/a.yml", "fal: {scripts: [a.py]\n");
  folder.Write("models/b.yml", "fal: {scripts: 3}\n");
  folder.Write("models/c.yml", "fal: scripts\n");

  EXPECT_THAT(Find(folder), IsEmpty());
}

TEST(SchemaFiles, ThatGrowWithoutEndAreGivenUp) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  std::string bomb = "fal: {scripts: []}\na0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i)
    bomb += Text("a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  folder.Write("models/bomb.yml", bomb);

  EXPECT_THAT(Find(folder), IsEmpty());
}

TEST(SchemaFiles, FindModelsInSqlByTheirNames) {
  const TemporaryFolder folder;
  folder.Write("dbt_project.yml", "name: shop\n");
  folder.Write("models/deep/a.sql", "select 1");
  folder.Write("models/b.sql", "{{ config(enabled=false) }} select 1");
  folder.Write("models/c.sql", "{# Generated by aft from 'fal_models/c.py' #}");
  folder.Write("snapshots/d.sql", "select 1");
  folder.Write("models/e.sql", "select 1");

  EXPECT_THAT(SqlModelsNamed({"a", "b", "c", "d"}, ReadProjectConfig(folder.path())),
              ElementsAre("models/deep/a.sql"));
}

}  // namespace
}  // namespace aft
