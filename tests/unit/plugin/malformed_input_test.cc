// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host_shim/error.h"
#include "plugin/dbt/dbt_event.h"
#include "plugin/project/environment.h"
#include "plugin/project/manifest.h"
#include "plugin/project/schema_files.h"
#include "plugin/workers/worker_message.h"
#include "tests/support/followed_run.h"

// Whatever is read from other processes and from files, changed at random: it is read, or
// refused with an Error. Memory faults show under the sanitizers.

namespace aft {
namespace {

namespace fs = std::filesystem;

/// Changes texts, the same ones in the same way in each run of the tests.
class Mutation {
 public:
  std::string Of(std::string text) {
    for (int change = Number(1, 4); change > 0; --change) Change(text);
    return text;
  }

  int Number(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }

 private:
  void Change(std::string& text) {
    const std::size_t at = Place(text);
    const std::size_t count = Place(text) % 16;
    switch (Number(0, 5)) {
      case 0:
        text.resize(at);
        return;
      case 1:
        text.erase(at, count);
        return;
      case 2:
        text.insert(at, text.substr(Place(text), count));
        return;
      case 3:
        text.insert(at, 1, static_cast<char>(Number(0, 255)));
        return;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(Number(0, 255));
        return;
      default:
        text.insert(at, Oddity());
    }
  }

  std::size_t Place(const std::string& text) {
    return static_cast<std::size_t>(Number(0, static_cast<int>(text.size())));
  }

  std::string Oddity() {
    static const std::vector<std::string> kOddities = {
        "null",    "-1", "1e999",   "18446744073709551616", "\"\"", "[]", "{}",
        "\\u0000", "\n", ": &a *a", "!!binary x",           "\t- ", "%",  "\xed\xa0\x80",
    };
    const auto nested = static_cast<std::size_t>(Number(0, 3000));
    const int kind = Number(0, static_cast<int>(kOddities.size()) + 1);
    if (kind == static_cast<int>(kOddities.size())) return std::string(nested, '[');
    if (kind > static_cast<int>(kOddities.size())) return std::string(nested, 'x');
    return kOddities.at(static_cast<std::size_t>(kind));
  }

  std::mt19937 random_{7};
};

/// Gives `read` many texts that were made of `samples`.
void Feed(const std::vector<std::string>& samples, int rounds,
          const std::function<void(const std::string& text)>& read) {
  Mutation mutation;
  for (int round = 0; round < rounds; ++round)
    for (const std::string& sample : samples) {
      const std::string text = mutation.Of(sample);
      SCOPED_TRACE(text);
      try {
        read(text);
      } catch (const Error& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
}

/// Some file systems write what is replaced to the disk at once, which takes its time.
fs::path WriteAnew(const TemporaryFolder& folder, const std::string& name,
                   const std::string& text) {
  fs::remove(folder.path() / name);
  return folder.Write(name, text);
}

const std::vector<std::string>& Events() {
  static const std::vector<std::string> kEvents = {
      R"({"info": {"name": "ConcurrencyLine"}, "data": {}})",
      R"({"info": {"name": "StatsLine"}, "data": {}})",
      R"({"info": {"name": "NodeCompiling"}, "data": {"node_info": {"unique_id": "a",
          "node_status": "None", "meta": {"aft": {"scripts": ["a1.py"]}}}}})",
      R"({"info": {"name": "LogModelResult"}, "data": {"node_info": {"unique_id": "a",
          "node_status": "success"}}})",
      R"({"info": {"name": "LogModelResult"}, "data": {"node_info": {"unique_id": "b",
          "node_status": "success"}}})",
      R"({"info": {"name": "NodeFinished"}, "data": {"node_info": {"unique_id": "b"},
          "run_result": {"status": "error"}}})",
      R"({"info": {"name": "ArtifactWritten"}, "data": {
          "artifact_type": "WritableManifest", "artifact_path": "/nowhere"}})",
      R"({"hello": {"protocol": 1, "python": "/usr/bin/python3", "dbt_version": "1.10",
          "flags": {"which": "run", "project_dir": "/nowhere", "vars": {"aft": {}},
          "threads": 4, "printer_width": 80, "fail_fast": false}}})",
  };
  return kEvents;
}

TEST(MalformedInput, FromDbtIsReadOrRefused) {
  Feed(Events(), 500, [](const std::string& text) {
    if (!ParseGateHello(text)) (void)ParseDbtEvent(text);
  });
}

TEST(MalformedInput, FromAWorkerIsReadOrRefused) {
  const std::vector<std::string> samples = {
      R"({"prepared": {"secrets": ["a", "b"]}})",
      R"({"failed": {"message": "no"}})",
      R"({"built": {"python": "/usr/bin/python3"}})",
      R"({"exited": {"id": 3, "wait_status": 139, "peak_memory": 1, "place": "a.py:3"}})",
      R"({"started": {"pid": 7}})",
      R"({"appended": true})",
      R"({"moved": {"rows_read": 5, "bytes_read": 40}})",
      R"({"done": {"status": "success", "rows_read": 5, "seconds": {"read": 1e-3}}})",
  };
  Feed(samples, 500, [](const std::string& text) { (void)ParseHostMessage(text); });
  Feed(samples, 500, [](const std::string& text) { (void)ParseScriptMessage(text); });
}

TEST(MalformedInput, InTheManifestIsReadOrRefused) {
  const TemporaryFolder folder;
  const std::string manifest = R"({"metadata": {"project_name": "shop"}, "nodes": {
      "model.shop.a": {"resource_type": "model", "name": "a", "package_name": "shop",
        "patch_path": "shop://models/a.yml", "config": {"materialized": "ephemeral",
        "meta": {"fal": {"scripts": {"before": ["b.py"], "after": [{"path": "a.py",
          "with": {"x": [1]}, "timeout": "5m", "memory": "1G", "retries": 2}]}}}}}}})";
  Feed({manifest}, 1500, [&](const std::string& text) {
    (void)ReadManifest(WriteAnew(folder, "manifest.json", text));
  });
}

TEST(MalformedInput, InYamlIsReadOrRefused) {
  const TemporaryFolder folder;
  const std::string project =
      "name: shop\nmodel-paths: [models]\ntarget-path: target\n"
      "vars: {fal-scripts-path: scripts, aft: {timeout: 5m}, shop: {aft: {retries: "
      "2}}}\n";
  const std::string schema =
      "models:\n  - &a name: a\n    meta: {fal: {environment: ml, scripts: [a.py]}}\n"
      "  - <<: *a\n    config: {meta: {aft: {scripts: {after: [{path: b.py}]}}}}\n";
  const std::string environments =
      "environments:\n  - name: ml\n    type: venv\n    requirements: [a==1, \"b>=2\"]\n";
  Feed({project, schema, environments}, 500, [&](const std::string& text) {
    WriteAnew(folder, "dbt_project.yml", text);
    WriteAnew(folder, "models/schema.yml", "# scripts of fal\n" + text);
    WriteAnew(folder, "fal_project.yml", text);
    (void)FindBoundScripts(ReadProjectConfig(folder.path()));
    (void)ReadEnvironments(folder.path());
  });
}

TEST(MalformedInput, OutOfOrderNeverEndsTheRun) {
  Mutation mutation;
  for (int run = 0; run < 8; ++run) {
    const Shop shop(
        {MakeNode("a", {"b1.py"}, {"a1.py", "a2.py"}), MakeNode("b", {}, {"a1.py"})});
    Gate gate(shop);
    for (int step = 0; step < 100 * (run + 1); ++step) {
      const auto at = static_cast<std::size_t>(
          mutation.Number(0, static_cast<int>(Events().size()) - 1));
      const std::string& event = Events().at(at);
      gate.Accepts(static_cast<DbtFollower::ConnectionId>(mutation.Number(0, 3)),
                   mutation.Number(0, 1) == 0 ? event : mutation.Of(event));
      if (!gate.scripts.running.empty() && mutation.Number(0, 2) == 0)
        gate.scripts.End(gate.scripts.running.begin()->first, mutation.Number(0, 1) == 0);
    }
    while (!gate.scripts.running.empty())
      gate.scripts.End(gate.scripts.running.begin()->first, true);

    EXPECT_TRUE(gate.IsIdle());
    EXPECT_LE(gate.scripts.started.size(), 4);
    gate.Finish();
    (void)shop.Results();
  }
}

}  // namespace
}  // namespace aft
