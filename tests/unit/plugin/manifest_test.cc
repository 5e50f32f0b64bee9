// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::Throws;

/// The manifest of project `shop` with one model, `orders`, that has `fields` besides.
Manifest WithOrders(const std::string& fields) {
  const TemporaryFolder folder;
  return ReadManifest(
      folder.Write("manifest.json", R"({"metadata": {"project_name": "shop"},
      "nodes": {"model.shop.orders": {"resource_type": "model", "name": "orders",
        "package_name": "shop", "original_file_path": "models/orders.sql",
        "patch_path": "shop://models/schema.yml", )" +
                                        fields + "}}}"));
}

std::vector<std::string> Bindings(const Manifest& manifest) {
  std::vector<std::string> texts;
  for (const BoundNode& node : manifest.nodes)
    for (const ScriptBinding& binding : node.bindings)
      texts.push_back(std::string(Name(binding.when)) + " " + binding.path +
                      binding.arguments);
  return texts;
}

TEST(Manifest, KnowsWhichSourcesHaveARuleOfFreshness) {
  const TemporaryFolder folder;
  const auto source = [](const char* freshness) {
    return Text(R"({"resource_type": "source", "name": "t", "freshness": )", freshness,
                "}");
  };
  const std::string none = R"({"count": null, "period": null})";
  const std::string rule = R"({"count": 1, "period": "day"})";
  const std::filesystem::path path = folder.Write(
      "manifest.json",
      Text(R"({"nodes": {}, "sources": {"warned": )",
           source(Text(R"({"warn_after": )", rule, R"(, "error_after": )", none, "}")
                      .c_str()),
           R"(, "failed": )", source(Text(R"({"error_after": )", rule, "}").c_str()),
           R"(, "empty": )", source(Text(R"({"warn_after": )", none, "}").c_str()),
           R"(, "none": )", source("null"), "}}"));

  const Graph graph = ReadManifest(path).graph;

  EXPECT_TRUE(graph.at("warned").has_freshness);
  EXPECT_TRUE(graph.at("failed").has_freshness);
  EXPECT_FALSE(graph.at("empty").has_freshness);
  EXPECT_FALSE(graph.at("none").has_freshness);
}

TEST(Manifest, ReadsBeforeAndAfterScripts) {
  const Manifest manifest = WithOrders(
      R"("meta": {"fal": {"scripts": {"before": ["a.py"],
                 "after": ["b.py", {"path": "c.py", "with": {"x": [1]}}]}}})");

  EXPECT_THAT(Bindings(manifest),
              ElementsAre("before a.py", "after b.py", R"(after c.py{"x":[1]})"));
  EXPECT_THAT(manifest.problems, IsEmpty());
  EXPECT_EQ(manifest.project, "shop");
}

TEST(Manifest, BindsAPythonModelBeforeTheNodesOtherScripts) {
  const Manifest manifest = WithOrders(
      R"("config": {"materialized": "ephemeral", "meta": {
           "aft_model": {"path": "fal_models/orders.py"},
           "fal": {"environment": "ml", "scripts": ["b.py"], "pre-hook": ["h.py"]}}})");

  EXPECT_THAT(Bindings(manifest),
              ElementsAre("after fal_models/orders.py", "after b.py", "pre-hook h.py"));
  const ScriptBinding& model = manifest.nodes.at(0).bindings.at(0);
  EXPECT_TRUE(model.is_model);
  EXPECT_EQ(model.environment, "ml");
  EXPECT_THAT(manifest.problems, IsEmpty());
}

TEST(Manifest, TakesAListForScriptsThatRunAfter) {
  EXPECT_THAT(Bindings(WithOrders(R"("meta": {"aft": {"scripts": ["a.py"]}})")),
              ElementsAre("after a.py"));
}

TEST(Manifest, ReadsTheMetaOfTheConfigWhereTheOtherHasNoScripts) {
  EXPECT_THAT(
      Bindings(WithOrders(
          R"("meta": {"owner": "me"}, "config": {"meta": {"fal": {"scripts": ["a.py"]}}})")),
      ElementsAre("after a.py"));
}

TEST(Manifest, CountsAScriptOnceThatStandsInBothMetas) {
  EXPECT_THAT(Bindings(WithOrders(R"("meta": {"fal": {"scripts": ["a.py"]}},
                                    "config": {"meta": {"fal": {"scripts": ["a.py"]}}})")),
              ElementsAre("after a.py"));
}

TEST(Manifest, TellsEphemeralModels) {
  const char* meta = R"("meta": {"fal": {"scripts": ["a.py"]}}, )";
  const std::string ephemeral =
      std::string(meta) + R"("config": {"materialized": "ephemeral"})";
  const std::string table = std::string(meta) + R"("config": {"materialized": "table"})";

  EXPECT_TRUE(WithOrders(ephemeral).nodes.at(0).is_ephemeral);
  EXPECT_FALSE(WithOrders(table).nodes.at(0).is_ephemeral);
}

TEST(Manifest, LeavesNodesWithoutScriptsOut) {
  EXPECT_THAT(WithOrders(R"("meta": {})").nodes, IsEmpty());
  EXPECT_THAT(WithOrders(R"("meta": {"fal": {"scripts": []}})").nodes, IsEmpty());
}

TEST(Manifest, NamesFileNodeAndKeyOfWhatItDoesNotUnderstand) {
  EXPECT_THAT(
      WithOrders(R"("meta": {"fal": {"scripts": {"afer": ["a.py"]}}})").problems,
      ElementsAre("models/schema.yml: node 'orders': meta.fal: unknown key 'afer' "
                  "under 'scripts'; did you mean 'after'?"));
  EXPECT_THAT(
      WithOrders(R"("meta": {"aft": {"scripts": [{"paht": "a.py"}]}})").problems,
      ElementsAre("models/schema.yml: node 'orders': meta.aft: an entry of 'after' under "
                  "'scripts' is neither a path nor a mapping with 'path'"));
  EXPECT_THAT(
      WithOrders(R"("meta": {"aft": {"scripts": "a.py"}})").problems,
      ElementsAre("models/schema.yml: node 'orders': meta.aft: 'scripts' is neither "
                  "a list nor a mapping of 'before' and 'after'; write for example "
                  "'scripts: [scripts/score.py]'"));
}

TEST(Manifest, SuggestsTheKeyThatWasMeant) {
  EXPECT_THAT(WithOrders(R"("meta": {"aft": {"script": ["a.py"]}})").problems,
              ElementsAre("models/schema.yml: node 'orders': meta.aft: unknown key "
                          "'script' under 'aft'; did you mean 'scripts'?"));
  EXPECT_THAT(
      WithOrders(R"("meta": {"aft": {"scripts": [{"path": "a.py", "tiemout": 3}]}})")
          .problems,
      ElementsAre("models/schema.yml: node 'orders': meta.aft: unknown key 'tiemout' at "
                  "script 'a.py'; did you mean 'timeout'?"));
}

TEST(Manifest, TakesWhatFalKnew) {
  const std::string known = R"({"feature_store": {"entity_column": "id"}})";
  EXPECT_THAT(WithOrders(R"("meta": {"fal": )" + known + "}").problems, IsEmpty());
  EXPECT_THAT(WithOrders(R"("meta": {"aft": )" + known + "}").problems,
              ElementsAre(HasSubstr("unknown key 'feature_store' under 'aft'")));
}

TEST(Manifest, RefusesAMisspeltProductWithScriptsBelow) {
  const std::string problem =
      "models/schema.yml: node 'orders': the scripts under meta.fall do not run; did you "
      "mean meta.fal?";
  const std::string meta = R"("meta": {"fall": {"scripts": ["a.py"]}})";

  EXPECT_THAT(WithOrders(meta).problems, ElementsAre(problem));
  EXPECT_THAT(WithOrders(meta + R"(, "config": {)" + meta + "}").problems,
              ElementsAre(problem));
  EXPECT_THAT(WithOrders(R"("config": {"meta": {"aft": {"scripts": ["a.py"]},
                           "AFT": {"script": "b.py"}}})")
                  .problems,
              ElementsAre(HasSubstr("meta.AFT do not run; did you mean meta.aft?")));
  for (const char* ordinary :
       {R"({"alt": "text"})", R"({"fail": {"after": 3}})", R"({"all": ["scripts"]})",
        R"({"falcon": {"scripts": ["a.py"]}})", R"({"act": {"scripts": 3}})",
        R"({"act": {"script": "of a play"}})",
        R"({"all": {"scripts": ["a", {"b": 1}]}})"})
    EXPECT_THAT(WithOrders(Text(R"("meta": )", ordinary)).problems, IsEmpty())
        << ordinary;
}

TEST(Manifest, TellsOfAModelThatStandsForATableThatNoScriptWrites) {
  const auto read = [](const std::string& sql, const char* meta) {
    const TemporaryFolder folder;
    return ReadManifest(folder.Write(
        "manifest.json", Text(R"({
        "metadata": {"project_name": "shop", "adapter_type": "sqlite"},
        "nodes": {"model.shop.p": {
          "resource_type": "model", "name": "p", "package_name": "shop", "schema": "main",
          "original_file_path": "models/p.sql", "raw_code": ")",
                              sql, R"(",
          "meta": )",
                              meta, R"(, "config": {"materialized": "ephemeral"}}}})")));
  };

  EXPECT_THAT(
      read("select * from {{ this }}", "{}").warnings,
      ElementsAre("models/p.sql: 'p' selects from its own table, but no script is bound "
                  "to it; what is built on it gets whatever rows are there"));
  for (const char* other :
       {"select 1 as id", "select * from main.p", "select '{{ this }}' as name",
        "select 1 {% if is_incremental() %} from {{ this }} {% endif %}"})
    EXPECT_THAT(read(other, "{}").warnings, IsEmpty()) << other;
  // Where scripts are bound in a wrong way, that alone is said.
  for (const char* meta :
       {R"({"aft": {"scripts": ["a.py"]}})", R"({"fall": {"scripts": ["a.py"]}})",
        R"({"aft": {"scrpts": ["a.py"]}})", R"({"aft": {"scripts": 3}})"})
    EXPECT_THAT(read("select * from {{ this }}", meta).warnings, IsEmpty()) << meta;
}

TEST(Manifest, IsOfTheProjectThatItDoesNotName) {
  const TemporaryFolder folder;

  EXPECT_EQ(ReadManifest(folder.Write("old.json", R"({"nodes": {}})"), "shop").project,
            "shop");
  EXPECT_EQ(ReadManifest(folder.Write("new.json", R"({"metadata":
                {"project_name": "own"}, "nodes": {}})"),
                         "shop")
                .project,
            "own");
}

TEST(Manifest, NamesDisabledNodesWithScripts) {
  const TemporaryFolder folder;
  const auto node = [](const char* package, const char* name, const char* meta) {
    return Text(R"([{"resource_type": "model", "package_name": ")", package,
                R"(", "name": ")", name, R"(", "config": {"meta": )", meta, "}}]");
  };
  const char* scripts = R"({"aft": {"scripts": ["a.py"]}})";
  const Manifest manifest = ReadManifest(folder.Write(
      "manifest.json",
      Text(R"({"metadata": {"project_name": "shop"}, "nodes": {}, "disabled": {"1": )",
           node("shop", "a", scripts), R"(, "2": )", node("other", "b", scripts),
           R"(, "3": )", node("shop", "c", scripts), R"(, "4": )",
           node("shop", "d", R"({"owner": "me"})"), R"(, "5": [], "6": 3, "7": [3]}})")));

  EXPECT_THAT(manifest.warnings,
              ElementsAre("the scripts of these nodes do not run because the nodes are "
                          "disabled: 'a', 'c'"));
  EXPECT_THAT(manifest.nodes, IsEmpty());
}

TEST(Manifest, LetsThePackagesOfOthersBeWrong) {
  const TemporaryFolder folder;
  const Manifest manifest = ReadManifest(folder.Write("manifest.json", R"({
      "metadata": {"project_name": "shop"}, "nodes": {"model.p.a": {
        "resource_type": "model", "name": "a", "package_name": "p",
        "meta": {"fal": {"post-hook": ["a.py"], "scripts": 3},
                 "fall": {"scripts": ["a.py"]}}}}})"));

  EXPECT_THAT(manifest.problems, IsEmpty());
  EXPECT_THAT(manifest.warnings, IsEmpty());
}

TEST(Manifest, DoesNotPassOverWhatItCannotDo) {
  for (const char* meta :
       {R"({"post-hook": "a.py"})", R"({"pre-hook": [3]})", R"({"environment": ["ml"]})",
        R"({"scripts": [{"path": "a.py", "timeout": "soon"}]})",
        R"({"scripts": [{"path": "a.py", "environment": ""}]})", R"({"scripts": null})",
        R"({"scripts": {"after": null}})", R"({"scripts": "a.py"})",
        R"({"scripts": [null]})", R"("a.py")", "null", R"(["a.py"])"})
    EXPECT_EQ(WithOrders(std::string(R"("meta": {"fal": )") + meta + "}").problems.size(),
              1)
        << meta;
}

TEST(Manifest, ReadsHooksAsScripts) {
  const Manifest manifest = WithOrders(R"("meta": {"fal": {
      "post-hook": ["a.py", {"path": "b.py", "with": {"n": 1}, "environment": "ml"}],
      "pre-hook": [{"path": "c.py", "retries": 1}]}})");

  EXPECT_THAT(manifest.problems, IsEmpty());
  const std::vector<ScriptBinding>& hooks = manifest.nodes.at(0).bindings;
  ASSERT_EQ(hooks.size(), 3);
  EXPECT_EQ(hooks[0].when, When::kPostHook);
  EXPECT_EQ(hooks[1].arguments, R"({"n":1})");
  EXPECT_EQ(hooks[1].environment, "ml");
  EXPECT_EQ(hooks[2].when, When::kPreHook);
  EXPECT_EQ(hooks[2].limits.retries, 1);
}

TEST(Manifest, ReadsTheLimitsOfAScript) {
  const Manifest manifest = WithOrders(R"("meta": {"aft": {"scripts": [
      {"path": "a.py", "timeout": "10m", "memory": 1000000, "retries": 2}]}})");

  EXPECT_THAT(manifest.problems, IsEmpty());
  const ScriptLimits& limits = manifest.nodes.at(0).bindings.at(0).limits;
  EXPECT_EQ(limits.timeout, std::chrono::minutes(10));
  EXPECT_EQ(limits.memory, 1'000'000);
  EXPECT_EQ(limits.retries, 2);
}

TEST(Manifest, GivesEachScriptItsEnvironment) {
  const Manifest manifest = WithOrders(R"("meta": {"aft": {
      "scripts": ["a.py", {"path": "b.py", "environment": "local"}],
      "environment": "ml"}})");

  EXPECT_THAT(manifest.problems, IsEmpty());
  EXPECT_EQ(manifest.nodes.at(0).bindings.at(0).environment, "ml");
  EXPECT_EQ(manifest.nodes.at(0).bindings.at(1).environment, "local");
}

TEST(Manifest, SaysWhoBindsTheScripts) {
  const TemporaryFolder folder;
  const Manifest manifest = ReadManifest(
      folder.Write("manifest.json", R"({"metadata": {"project_name": "shop"}, "nodes": {
        "model.shop.orders": {"resource_type": "model", "name": "orders",
          "package_name": "shop", "patch_path": "evil://models/schema.yml",
          "meta": {"fal": {"scripts": ["a.py"]}}}}})"));

  EXPECT_EQ(manifest.nodes.at(0).package, "evil");
}

TEST(Manifest, ReadsTheScriptsOfSources) {
  const TemporaryFolder folder;
  const Manifest manifest = ReadManifest(
      folder.Write("manifest.json", R"({"metadata": {"project_name": "shop"}, "nodes": {},
        "sources": {"source.shop.bank.payments": {"resource_type": "source",
          "source_name": "bank", "name": "payments", "package_name": "shop",
          "original_file_path": "models/schema.yml", "patch_path": null,
          "meta": {"aft": {"scripts": ["a.py", 3]}}}}})"));

  ASSERT_EQ(manifest.nodes.size(), 1);
  EXPECT_TRUE(manifest.nodes.at(0).is_source);
  EXPECT_FALSE(manifest.nodes.at(0).is_ephemeral);
  EXPECT_EQ(manifest.nodes.at(0).name, "bank.payments");
  EXPECT_EQ(manifest.nodes.at(0).package, "shop");
  EXPECT_THAT(Bindings(manifest), ElementsAre("after a.py"));
  EXPECT_THAT(
      manifest.problems,
      ElementsAre("models/schema.yml: node 'bank.payments': meta.aft: an entry of "
                  "'after' under 'scripts' is neither a path nor a mapping with 'path'"));
}

TEST(Manifest, PicksWhatAYamlFileDefinesAsItsDbtFindsIt) {
  const auto selector = [](const std::string& version, const std::string& file) {
    const TemporaryFolder folder;
    const std::string node =
        R"({"resource_type": "test", "fqn": ["shop", "t"], "original_file_path": ")" +
        file + R"("})";
    return ReadManifest(folder.Write("manifest.json",
                                     R"({"metadata": {"dbt_version": ")" + version +
                                         R"("}, "nodes": {"test.t": )" + node + "}}"))
        .graph.at("test.t")
        .selector;
  };

  EXPECT_EQ(selector("1.12.6", "models/schema.yml"), "fqn:shop.t,path:models/schema.yml");
  EXPECT_EQ(selector("2.0.0-alpha.4", "models/a.yaml"), "fqn:shop.t,resource_type:test");
  EXPECT_EQ(selector("2.0.0-alpha.4", "tests/t.sql"), "fqn:shop.t,path:tests/t.sql");
}

TEST(Manifest, RefusesArgumentsThatNoScriptCouldBeHanded) {
  EXPECT_THAT(
      WithOrders(R"("meta": {"aft": {"scripts": [{"path": "a.py", "with": {"x": ")" +
                 std::string(65536, 'x') + R"("}}]}})")
          .problems,
      ElementsAre("models/schema.yml: node 'orders': meta.aft: 'with' of script 'a.py' "
                  "has more than 64 KiB; let the script read a file instead"));
}

TEST(Manifest, RefusesAFileThatWouldTakeAllMemory) {
  const TemporaryFolder folder;
  const std::filesystem::path huge = folder.Write("huge.json", "{\"nodes\": {}}");
  std::filesystem::resize_file(huge, (std::uintmax_t{1} << 30U) + 1);

  EXPECT_THAT([&] { ReadManifest(huge); },
              Throws<Error>(Property(&Error::what, HasSubstr("more than 1 GiB"))));
  EXPECT_THROW(ReadManifest(folder.Write("deep.json", std::string(100'000, '['))), Error);
}

TEST(Manifest, RefusesFilesThatAreNone) {
  const TemporaryFolder folder;
  EXPECT_THROW(ReadManifest(folder.path() / "missing.json"), Error);
  EXPECT_THROW(ReadManifest(folder.Write("cut.json", R"({"nodes": {)")), Error);
  EXPECT_THAT([&] { ReadManifest(folder.Write("other.json", "{}")); },
              Throws<Error>(Property(&Error::what, HasSubstr("it has no nodes"))));
}

}  // namespace
}  // namespace aft
