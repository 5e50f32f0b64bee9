// SPDX-License-Identifier: Apache-2.0
#include "plugin/workers/worker_message.h"

#include <boost/json.hpp>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"

namespace aft {
namespace {

namespace json = boost::json;

json::value OrNull(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value OrNull(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object Parse(std::string_view packet) {
  std::string reason = "it is not a JSON object";
  try {
    json::value value = ParseJson(packet);
    if (value.is_object()) return std::move(value.as_object());
  } catch (const Error& error) {
    reason = error.what();
  }
  throw Error(Text("cannot read a message from a worker: ", reason));
}

std::vector<std::string> Strings(const json::object& object, std::string_view key) {
  std::vector<std::string> strings;
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return strings;
  for (const json::value& entry : value->as_array())
    if (entry.is_string()) strings.emplace_back(entry.as_string());
  return strings;
}

std::int64_t Integer(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

bool Flag(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

double Seconds(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return 0;
  return value->to_number<double>();
}

json::value Sample(const HostSetup& setup) {
  if (setup.sample_start.empty()) return nullptr;
  return {{"start", setup.sample_start}, {"end", setup.sample_end}};
}

json::object Described(const Environment& environment) {
  return {{"name", environment.name},
          {"type", environment.type},
          {"packages", json::value_from(environment.packages)}};
}

HostPrepared PreparedFrom(const json::object& message) {
  HostPrepared prepared;
  prepared.secrets = Strings(message, "secrets");
  prepared.names = Strings(message, "names");
  prepared.control_group = StringAt(message, "group");
  if (const json::object* target = ObjectAt(message, "target"))
    prepared.threads = static_cast<int>(Integer(*target, "threads"));
  return prepared;
}

}  // namespace

std::string FindMessage(const Environment& environment) {
  return json::serialize(json::object{{"find", Described(environment)}});
}

std::string BuildMessage(const Environment& environment) {
  return json::serialize(json::object{{"build", Described(environment)}});
}

json::object DescribedSetup(const HostSetup& setup) {
  return {{"project_dir", setup.project_folder},
          {"scripts_dir", setup.scripts_folder},
          {"profiles_dir", setup.profiles_folder},
          {"profile", OrNull(setup.profile)},
          {"target", OrNull(setup.target)},
          {"vars", ParseJson(setup.variables)},
          {"flags", ParseJson(setup.arguments)},
          {"target_path", setup.target_folder},
          {"run_dir", setup.run_folder},
          {"threads", setup.threads > 0 ? json::value(setup.threads) : nullptr},
          {"empty", setup.is_empty},
          {"sample", Sample(setup)},
          {"unordered_refs", OrNull(setup.unordered_refs)}};
}

std::string PrepareMessage(const HostSetup& setup) {
  return json::serialize(json::object{{"prepare", DescribedSetup(setup)}});
}

std::string ManifestMessage(const std::string& path) {
  return json::serialize(json::object{{"manifest", json::object{{"path", path}}}});
}

std::string RunMessage(std::int64_t run, const Script& script, const NodeState& node) {
  return json::serialize(json::object{
      {"run",
       {{"id", run},
        {"path", script.file},
        {"name", script.name},
        {"node", script.node},
        {"node_status", node.status},
        {"adapter_response", node.adapter_response.empty()
                                 ? json::value(nullptr)
                                 : ParseJson(node.adapter_response)},
        {"when", Name(script.when)},
        {"program", script.program.empty() ? json::value(nullptr)
                                           : json::value_from(script.program)},
        {"memory", OrNull(script.limits.memory)},
        {"arguments", script.arguments.empty() ? json::value(nullptr)
                                               : ParseJson(script.arguments)}}}});
}

std::string SignalMessage(std::int64_t run, int signal) {
  return json::serialize(
      json::object{{"signal", json::object{{"id", run}, {"signal", signal}}}});
}

HostMessage ParseHostMessage(std::string_view packet) {
  const json::object message = Parse(packet);
  if (message.contains("missing")) return HostMissing{};
  if (const json::object* progress = ObjectAt(message, "progress"))
    return HostProgress{StringAt(*progress, "line")};
  if (const json::object* built = ObjectAt(message, "built"))
    return HostBuilt{StringAt(*built, "python")};
  if (const json::object* prepared = ObjectAt(message, "prepared"))
    return PreparedFrom(*prepared);
  if (const json::object* failed = ObjectAt(message, "failed"))
    return HostFailed{StringAt(*failed, "message")};
  if (const json::object* exited = ObjectAt(message, "exited"))
    return ScriptExited{Integer(*exited, "id"),
                        static_cast<int>(Integer(*exited, "wait_status")),
                        Integer(*exited, "peak_memory"),
                        StringAt(*exited, "place"),
                        StringAt(*exited, "stack"),
                        Flag(*exited, "out_of_memory")};
  return HostNotice{};
}

ScriptMessage ParseScriptMessage(std::string_view packet) {
  const json::object message = Parse(packet);
  if (const json::object* started = ObjectAt(message, "started"))
    return ScriptStarted{static_cast<int>(Integer(*started, "pid"))};
  if (message.contains("appended")) return ScriptAppends{Flag(message, "appended")};
  if (message.contains("written")) return ScriptHasWritten{};
  if (const json::object* moved = ObjectAt(message, "moved"))
    return ScriptMoved{Integer(*moved, "rows_read"), Integer(*moved, "rows_written"),
                       Integer(*moved, "bytes_read"), Integer(*moved, "bytes_written")};
  const json::object* done = ObjectAt(message, "done");
  if (done == nullptr)
    throw Error("cannot read a message from a worker: it is of no known kind");
  Outcome outcome;
  outcome.succeeded = StringAt(*done, "status") == "success";
  outcome.message = StringAt(*done, "message");
  outcome.traceback = StringAt(*done, "traceback");
  outcome.place = StringAt(*done, "place");
  outcome.is_out_of_memory = Flag(*done, "out_of_memory");
  if (const json::object* seconds = ObjectAt(*done, "seconds")) {
    outcome.seconds_reading = Seconds(*seconds, "read");
    outcome.seconds_computing = Seconds(*seconds, "compute");
    outcome.seconds_writing = Seconds(*seconds, "write");
  }
  outcome.can_write = !done->contains("can_write") || Flag(*done, "can_write");
  if (const json::value* there = done->if_contains("is_table_there");
      there != nullptr && there->is_bool())
    outcome.is_table_there = there->as_bool();
  outcome.rows_read = Integer(*done, "rows_read");
  outcome.rows_written = Integer(*done, "rows_written");
  outcome.bytes_read = Integer(*done, "bytes_read");
  outcome.bytes_written = Integer(*done, "bytes_written");
  return outcome;
}

}  // namespace aft
