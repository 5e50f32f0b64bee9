// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/marked_states.h"

#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string_view>

#include "host_shim/error.h"
#include "plugin/base/atomic_file.h"
#include "plugin/base/content_digest.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"
#include "plugin/base/text_file.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kMark = "\n-- a script of this node has changed since\n";
constexpr std::size_t kKept = 5;
// Much longer than it takes to write one.
constexpr auto kOldestDraft = std::chrono::hours(1);
constexpr const char* kManifest = "manifest.json";
constexpr std::array kOthers = {"run_results.json", "sources.json"};

/// Lets dbt find `node` changed: it compares the SQL of a model, and the checksum of a
/// seed. (dbt-core, contracts/graph/nodes.py: same_body)
void Mark(json::object& node) {
  // dbt before 1.3 has the old name.
  for (const char* name : {"raw_code", "raw_sql"})
    if (json::value* code = node.if_contains(name))
      *code = (code->is_string() ? std::string(code->as_string()) : "") + kMark.data();
  node["checksum"] = {{"name", "sha256"}, {"checksum", "changed"}};
}

/// A new manifest at `path`, like the one at `original` but for `changed`.
void WriteMarked(const fs::path& original, const std::set<std::string>& changed,
                 const fs::path& path) {
  json::value manifest = ReadJsonFile(original);
  json::object* root = manifest.if_object();
  json::value* nodes = root == nullptr ? nullptr : root->if_contains("nodes");
  if (nodes == nullptr || !nodes->is_object()) throw Error("it has no nodes");
  for (const std::string& id : changed)
    if (json::value* node = nodes->as_object().if_contains(id);
        node != nullptr && node->is_object())
      Mark(node->as_object());
  WriteAtomically(path, json::serialize(manifest));
}

std::string NameOf(const fs::path& state, const std::set<std::string>& changed) {
  ContentDigest digest;
  const auto add = [&](const std::string& text) {
    digest.Add(Text(text.size(), "\n", text));
  };
  add(state);
  add(ReadText(state / kManifest));
  for (const char* name : kOthers) add(ReadText(state / name));
  for (const std::string& id : changed) add(id);
  return digest.Hexadecimal();
}

}  // namespace

fs::path MarkedStates::Make(const fs::path& state,
                            const std::set<std::string>& changed) const {
  const fs::path made = folder_ / NameOf(state, changed);
  const fs::path draft = Text(made.native(), ".", ::getpid(), ".draft");
  if (!fs::exists(made)) {
    fs::remove_all(draft);
    fs::create_directories(draft);
    for (const char* name : kOthers)
      if (fs::exists(state / name)) fs::copy_file(state / name, draft / name);
    WriteMarked(state / kManifest, changed, draft / kManifest);
    std::error_code code;
    fs::rename(draft, made, code);
    // Another run may have made the same.
    if (code && !fs::exists(made))
      throw fs::filesystem_error("rename", draft, made, code);
    fs::remove_all(draft);
  }
  std::error_code ignored;
  fs::last_write_time(made, fs::file_time_type::clock::now(), ignored);
  RemoveOld(made);
  return made;
}

/// All but `made`, the one that `dbt retry` will look for, and the newest others. What
/// can't be removed is left.
void MarkedStates::RemoveOld(const fs::path& made) const {
  const json::value results = ReadJsonFileOrNull(target_folder_ / "run_results.json");
  const fs::path of_last_run = StringAt(results, {"args", "state"});
  std::multimap<fs::file_time_type, fs::path, std::greater<>> others;
  std::error_code code;
  fs::directory_iterator entry(folder_, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    const fs::path& path = entry->path();
    const fs::file_time_type written = WrittenAt(path);
    const bool is_draft = path.extension() == ".draft";
    const bool may_be_open = fs::file_time_type::clock::now() - written < kOldestDraft;
    if (path == made || path == of_last_run || (is_draft && may_be_open)) continue;
    others.emplace(is_draft ? fs::file_time_type::min() : written, path);
  }
  std::size_t count = 1;
  for (const auto& [written, path] : others)
    if (++count > kKept || path.extension() == ".draft") fs::remove_all(path, code);
}

}  // namespace aft
