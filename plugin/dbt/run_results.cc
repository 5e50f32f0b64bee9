// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/run_results.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/recorded_arguments.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// The document; an empty object where there is none of dbt's shape.
json::object ReadDocument(const fs::path& path) {
  json::value document = ReadJsonFileOrNull(path);
  const json::value* results = ValueAt(document, {"results"});
  if (results == nullptr || !results->is_array()) return {};
  return std::move(document.as_object());
}

NodeResult ResultOf(const json::object& entry) {
  const json::object* response = ObjectAt(entry, "adapter_response");
  return {StringAt(entry, "unique_id"), StringAt(entry, "status"),
          StringAt(entry, "message"),
          response == nullptr || response->empty() ? "" : json::serialize(*response)};
}

/// Schema version 5 is that of dbt 1.7, 6 that of every dbt since. The id tells whether
/// aft's own results are of the same run.
json::object NewDocument(const std::string& dbt_version) {
  const bool is_old = dbt_version.rfind("1.7", 0) == 0;
  return {{"metadata",
           {{"dbt_schema_version", Text("https://schemas.getdbt.com/dbt/run-results/",
                                        is_old ? "v5" : "v6", ".json")},
            {"dbt_version", dbt_version},
            {"invocation_id",
             boost::uuids::to_string(boost::uuids::random_generator_mt19937()())},
            {"env", json::object{}}}},
          {"results", json::array{}},
          {"elapsed_time", 0.0},
          {"args", json::object{}}};
}

json::object NewEntry(const json::array& others) {
  json::object entry = {{"status", ""},
                        {"timing", json::array{}},
                        {"thread_id", "MainThread"},
                        {"execution_time", 0.0},
                        {"adapter_response", json::object{}},
                        {"message", nullptr},
                        {"failures", nullptr},
                        {"unique_id", ""},
                        {"compiled", nullptr},
                        {"compiled_code", nullptr},
                        {"relation_name", nullptr}};
  if (others.empty() || !others.front().is_object()) return entry;
  for (const auto& [key, value] : others.front().as_object())
    if (!entry.contains(key)) entry[key] = nullptr;
  return entry;
}

/// Has `args`, which are those of a stage, say what the user's command says: `dbt retry`
/// reads them.
void Describe(const DbtArguments& arguments, const std::vector<std::string>& words,
              json::object& args) {
  const auto or_else = [](const std::string& given, const char* otherwise) {
    return given.empty() ? std::string(otherwise) : given;
  };
  std::string command_line = "dbt";
  for (const std::string& word : words) command_line += " " + word;
  args["invocation_command"] = command_line;
  args["which"] = arguments.command();
  args["select"] = json::value_from(arguments.Values("--select"));
  args["exclude"] = json::value_from(arguments.Values("--exclude"));
  args["indirect_selection"] = or_else(arguments.Setting("indirect-selection"), "eager");
  args["log_format"] = or_else(arguments.Setting("log-format"), "default");
  for (const char* name : {"selector", "state", "defer-state"}) {
    std::string key = name;
    std::replace(key.begin(), key.end(), '-', '_');
    const std::string given = arguments.Setting(name);
    if (given.empty())
      args.erase(key);
    else
      args[key] = given;
  }
}

/// The run is that of the last stage by its id, and has begun with the first.
void UseMetadata(const json::object& stage, json::value& whole) {
  constexpr const char* kStart = "invocation_started_at";
  const json::object* first = whole.if_object();
  const json::value* start = first == nullptr ? nullptr : first->if_contains(kStart);
  json::object merged = stage;
  if (start != nullptr) merged[kStart] = *start;
  whole = std::move(merged);
}

}  // namespace

std::vector<NodeResult> ResultsIn(const json::value& document) {
  std::vector<NodeResult> results;
  const json::value* entries = ValueAt(document, {"results"});
  if (entries == nullptr || !entries->is_array()) return results;
  for (const json::value& entry : entries->as_array())
    if (entry.is_object()) results.push_back(ResultOf(entry.as_object()));
  return results;
}

std::vector<NodeResult> ReadRunResults(const fs::path& path,
                                       const std::string& invocation_id) {
  const json::value document = ReadJsonFileOrNull(path);
  if (StringAt(document, {"metadata", "invocation_id"}) != invocation_id) return {};
  return ResultsIn(document);
}

void WriteFailures(const fs::path& path, const std::vector<std::string>& nodes,
                   const std::string& dbt_version) {
  json::object document = NewDocument(dbt_version);
  json::array& results = document.at("results").as_array();
  for (const std::string& node : nodes) {
    json::object entry = NewEntry({});
    entry["unique_id"] = node;
    entry["status"] = "error";
    results.push_back(std::move(entry));
  }
  WriteAtomically(path, json::serialize(document));
}

struct MergedRunResults::Document {
  json::object root;

  json::array& results() { return root.at("results").as_array(); }
};

MergedRunResults::MergedRunResults(fs::path path)
    : path_(std::move(path)),
      seen_(WrittenAt(path_)),
      document_(std::make_unique<Document>()) {}

MergedRunResults::~MergedRunResults() = default;

std::vector<NodeResult> MergedRunResults::TakeStage(const std::string& invocation_id) {
  const fs::file_time_type written = WrittenAt(path_);
  json::object stage = ReadDocument(path_);
  if (stage.empty()) return {};
  // Times of files are coarse, and another dbt may write into the same folder.
  const std::string id = StringAt(json::value(stage), {"metadata", "invocation_id"});
  const bool has_ids = !invocation_id.empty() && !id.empty();
  if (has_ids ? id != invocation_id : written == seen_) return {};
  seen_ = written;
  const json::array entries = std::move(stage.at("results").as_array());
  if (!std::exchange(has_stage_, true)) {
    // A script may have failed before dbt wrote anything.
    const json::array own =
        document_->root.empty() ? json::array() : std::move(document_->results());
    document_->root = std::move(stage);
    document_->results() = own;
  } else if (const json::value* metadata = stage.if_contains("metadata");
             metadata != nullptr && metadata->is_object()) {
    UseMetadata(metadata->as_object(), document_->root["metadata"]);
  }
  std::vector<NodeResult> taken;
  for (const json::value& entry : entries) {
    if (!entry.is_object()) continue;
    taken.push_back(ResultOf(entry.as_object()));
    const auto [place, is_new] = places_.try_emplace(taken.back().node, results_.size());
    if (is_new) {
      results_.push_back(taken.back());
      document_->results().push_back(entry);
    } else {
      results_[place->second] = taken.back();
      document_->results()[place->second] = entry;
    }
  }
  return taken;
}

void MergedRunResults::Set(const NodeResult& result) {
  if (document_->root.empty()) document_->root = NewDocument("");
  const auto [place, is_new] = places_.try_emplace(result.node, results_.size());
  if (is_new) {
    results_.push_back(result);
    document_->results().push_back(NewEntry(document_->results()));
  }
  results_[place->second] = result;
  json::object& entry = document_->results()[place->second].as_object();
  entry["unique_id"] = result.node;
  entry["status"] = result.status;
  entry["message"] =
      result.message.empty() ? json::value(nullptr) : json::value(result.message);
}

std::string MergedRunResults::invocation_id() const {
  const json::value* metadata = document_->root.if_contains("metadata");
  return metadata == nullptr || !metadata->is_object()
             ? ""
             : StringAt(metadata->as_object(), "invocation_id");
}

void MergedRunResults::Write(const Description& description) {
  if (document_->root.empty()) document_->root = NewDocument("");
  json::object& root = document_->root;
  if (!has_stage_) {
    const std::string id = invocation_id();
    root["metadata"] = NewDocument(description.dbt_version)["metadata"];
    root["metadata"].as_object()["invocation_id"] = id;
    root["args"] = RecordedArguments(description.arguments);
  }
  root["elapsed_time"] = std::chrono::duration<double>(description.elapsed).count();
  if (json::object* args = root["args"].if_object())
    Describe(description.arguments, description.words, *args);
  WriteAtomically(path_, json::serialize(root));
  seen_ = WrittenAt(path_);
}

}  // namespace aft
