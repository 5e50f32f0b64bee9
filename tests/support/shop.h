// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "tests/support/temporary_folder.h"

namespace aft {

/// A node of a project that a test makes up, with the scripts bound to it.
struct Node {
  std::string id;
  bool is_ephemeral = false;
  std::vector<std::size_t> parents;
  std::vector<std::string> before;
  std::vector<std::string> after;
  std::string type = "model";
  bool continues_on_error = false;
  // Most lists of a node's members leave these out.
  std::string sql = "";                      // NOLINT(readability-redundant-string-init)
  std::vector<std::string> pre_hooks = {};   // NOLINT(readability-redundant-member-init)
  std::vector<std::string> post_hooks = {};  // NOLINT(readability-redundant-member-init)
};

/// The ids of a node's scripts, in the order in which they run.
inline std::vector<std::string> ScriptIds(const Node& node) {
  std::vector<std::string> ids;
  const auto add = [&](const char* when, const std::vector<std::string>& scripts) {
    for (const std::string& script : scripts)
      ids.push_back(Text("script.", node.id, ".", when, ".", script));
  };
  add("before", node.before);
  add("after", node.after);
  return ids;
}

/// A project's folder, with the manifest and the scripts that `nodes` ask for.
class Shop {
 public:
  explicit Shop(const std::vector<Node>& nodes) {
    boost::json::object entries;
    boost::json::object sources;
    for (const Node& node : nodes) {
      for (const auto& scripts :
           {node.before, node.after, node.pre_hooks, node.post_hooks})
        for (const std::string& script : scripts) folder_.Write(script, "");
      (node.type == "source" ? sources : entries)[node.id] = {
          {"resource_type", node.type},
          {"name", node.id},
          {"package_name", "shop"},
          {"original_file_path", "models/" + node.id + ".sql"},
          {"fqn", {"shop", node.id}},
          {"schema", "main"},
          {"alias", node.id},
          {"raw_code", node.sql},
          {"config",
           {{"materialized", node.is_ephemeral ? "ephemeral" : "table"},
            {"on_error", node.continues_on_error ? "continue" : "skip_children"}}},
          {"depends_on", {{"nodes", ParentsOf(node, nodes)}}},
          {"meta",
           {{"aft",
             {{"pre-hook", boost::json::value_from(node.pre_hooks)},
              {"post-hook", boost::json::value_from(node.post_hooks)},
              {"scripts",
               {{"before", boost::json::value_from(node.before)},
                {"after", boost::json::value_from(node.after)}}}}}}},
      };
    }
    folder_.Write(
        "target/manifest.json",
        boost::json::serialize(boost::json::object{
            {"metadata", {{"project_name", "shop"}, {"invocation_id", "first"}}},
            {"nodes", entries},
            {"sources", sources}}));
    folder_.Write("dbt_project.yml", "name: shop\n");
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  /// Replaces a file of the project.
  void Write(const std::string& name, const std::string& text) const {
    folder_.Write(name, text);
  }

  [[nodiscard]] std::string Read(const std::string& name) const {
    return folder_.Read(name);
  }

  /// Has the manifest be one of this dbt.
  void SetDbtVersion(const std::string& version) const {
    boost::json::value manifest =
        boost::json::parse(folder_.Read("target/manifest.json"));
    manifest.at("metadata").as_object()["dbt_version"] = version;
    folder_.Write("target/manifest.json", boost::json::serialize(manifest));
  }

  /// What dbt writes at its end.
  void WriteRunResults(const std::map<std::string, std::string>& statuses,
                       const char* invocation_id = "this run") const {
    boost::json::array results;
    for (const auto& [node, status] : statuses)
      results.push_back({{"unique_id", node}, {"status", status}});
    folder_.Write(
        "target/run_results.json",
        boost::json::serialize(boost::json::object{
            {"metadata", {{"invocation_id", invocation_id}}}, {"results", results}}));
  }

  /// Each script's status by its id, as the results say in the end.
  [[nodiscard]] std::map<std::string, std::string> Results(
      const std::string& name = "results.json") const {
    std::map<std::string, std::string> statuses;
    const std::string file = "target/aft/" + name;
    if (!std::filesystem::exists(folder_.path() / file)) return {};
    const boost::json::value document = boost::json::parse(folder_.Read(file));
    for (const boost::json::value& entry : document.at("results").as_array()) {
      const std::string id(entry.at("unique_id").as_string());
      EXPECT_FALSE(statuses.contains(id)) << id << " is listed twice";
      statuses[id] = std::string(entry.at("status").as_string());
    }
    return statuses;
  }

 private:
  static boost::json::array ParentsOf(const Node& node, const std::vector<Node>& nodes) {
    boost::json::array parents;
    for (const std::size_t parent : node.parents)
      parents.emplace_back(nodes.at(parent).id);
    return parents;
  }

  TemporaryFolder folder_;
};

}  // namespace aft
