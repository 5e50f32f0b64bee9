// SPDX-License-Identifier: Apache-2.0
#include "plugin/live_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt_command.h"
#include "plugin/run_results.h"
#include "plugin/script_output.h"
#include "plugin/script_path.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// A variable given on dbt's command line, or "" without.
std::string CommandLineVariable(const GateHello& hello, std::string_view name) {
  const json::value variables = json::parse(hello.variables);
  const json::value* value = variables.as_object().if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

/// What `--vars` sets below `aft`, as it stands in YAML.
std::map<std::string, std::string> CommandLineSettings(const GateHello& hello) {
  std::map<std::string, std::string> settings;
  const json::value variables = json::parse(hello.variables);
  const json::value* own = variables.as_object().if_contains("aft");
  if (own == nullptr || !own->is_object()) return settings;
  for (const auto& [key, value] : own->as_object())
    settings[key] =
        value.is_string() ? std::string(value.as_string()) : json::serialize(value);
  return settings;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

LiveRun::LiveRun(EventLoop& loop, ScriptHost& host, Send send, ProjectConfig project,
                 std::set<std::string> warm_up)
    : loop_(loop),
      host_(host),
      send_(std::move(send)),
      project_(std::move(project)),
      warm_up_(std::move(warm_up)),
      runner_(loop, host) {}

LiveRun::RunningDbt::RunningDbt(EventLoop& loop, GateHello said, fs::path folder)
    : hello(std::move(said)),
      target_folder(std::move(folder)),
      console(hello.printer_width, hello.use_colors),
      results(loop, target_folder, {hello.dbt_version, hello.command}) {}

void LiveRun::Receive(ConnectionId connection, std::string_view line) {
  try {
    if (const std::optional<GateHello> hello = ParseGateHello(line))
      Greet(connection, *hello);
    else
      Answer(connection, ParseDbtEvent(line));
  } catch (const Error& error) {
    // dbt prints it where it belongs, and fails the node or the run.
    Refuse(connection, error.what());
  }
}

void LiveRun::Greet(ConnectionId connection, const GateHello& hello) {
  if (dbt_ == nullptr && hello.has_flags) {
    if (!hello.project_folder.empty())
      project_ = ReadProjectConfig(fs::canonical(hello.project_folder));
    const std::string& given = hello.target_folder;
    const fs::path target =
        project_.folder / (given.empty() ? project_.target_path : given);
    dbt_ = std::make_unique<RunningDbt>(loop_, hello, target);
    ReadProjectEnvironments();
    if (RunsNodes(hello.command)) WarmUpProbable();
  }
  LetPass(connection);
}

void LiveRun::Answer(ConnectionId connection, const DbtEvent& event) {
  using Kind = DbtEvent::Kind;
  if (dbt_ == nullptr || !RunsNodes(dbt_->hello.command)) return LetPass(connection);
  switch (event.kind) {
    case Kind::kManifestWritten:
      // dbt goes on while the manifest is read; it writes another one at its end.
      LetPass(connection);
      if (!has_manifest_) LoadManifest(event.path);
      return;
    case Kind::kRunBegins:
      return Begin(connection);
    case Kind::kNodeCompiling:
    case Kind::kNodeResult:
      return StartTurn(connection, event);
    case Kind::kNodeFinished:
      SkipScripts(connection, schedule_.TakeLeft(event.node),
                  Text("dbt left the node with status '", event.status, "'"));
      FailFast(event);
      return LetPass(connection);
    case Kind::kRunSummary:
      Summarize(connection);
      return LetPass(connection);
    case Kind::kOther:
      return LetPass(connection);
  }
}

fs::path LiveRun::ScriptsFolder() const {
  const std::string given = CommandLineVariable(dbt_->hello, "fal-scripts-path");
  return project_.folder / (given.empty() ? project_.scripts_path : given);
}

fs::path LiveRun::LogsFolder() const { return dbt_->target_folder / "aft" / "logs"; }

void LiveRun::ReadProjectEnvironments() {
  environments_.emplace(kLocalEnvironment, Environment{});
  try {
    environments_ = ReadEnvironments(project_.folder);
  } catch (const Error& error) {
    // It matters only if a script names one of them.
    environments_problem_ = error.what();
  }
}

void LiveRun::WarmUpProbable() {
  for (const std::string& name : warm_up_)
    if (const auto found = environments_.find(name); found != environments_.end())
      host_.WarmUp(found->second, Setup());
}

void LiveRun::RequireUsed() {
  for (const std::string& name : used_environments_)
    host_.Require(environments_.at(name), Setup());
}

HostSetup LiveRun::Setup() const {
  HostSetup setup;
  setup.python = dbt_->hello.python;
  setup.project_folder = project_.folder;
  setup.scripts_folder = ScriptsFolder();
  setup.profiles_folder = dbt_->hello.profiles_folder;
  setup.profile = dbt_->hello.profile;
  setup.target = dbt_->hello.target;
  setup.variables = dbt_->hello.variables;
  setup.target_folder = dbt_->target_folder;
  setup.threads = dbt_->hello.threads;
  return setup;
}

void LiveRun::LoadManifest(const fs::path& path) {
  has_manifest_ = true;
  const Manifest manifest = ReadManifest(path);
  problems_ = manifest.problems;
  ReadDefaultLimits();
  for (const BoundNode& node : manifest.nodes) AddScripts(manifest, node);
  if (schedule_.empty() || !problems_.empty()) return;
  RequireUsed();
  host_.UseManifest(path);
}

void LiveRun::ReadDefaultLimits() {
  std::map<std::string, std::string> settings = CommandLineSettings(dbt_->hello);
  settings.insert(project_.settings.begin(), project_.settings.end());
  for (const auto& [name, value] : settings) {
    if (!IsLimit(name)) continue;
    try {
      SetLimit(name, value, default_limits_);
    } catch (const Error& error) {
      problems_.push_back(Text("vars: aft: ", error.what()));
    }
  }
}

void LiveRun::AddScripts(const Manifest& manifest, const BoundNode& node) {
  // A package that the user installed must not get to run code by being installed.
  if (node.package != manifest.project) {
    notices_.push_back(Text("The scripts that package '", node.package,
                            "' binds to node '", node.name,
                            "' do not run: only the project's own do."));
    return;
  }
  std::vector<Script> scripts;
  for (const ScriptBinding& binding : node.bindings) {
    try {
      scripts.push_back(MakeScript(node, binding, scripts.size() + 1));
      used_environments_.insert(scripts.back().environment);
    } catch (const Error& error) {
      // All problems are reported together, so that they can be mended together.
      problems_.push_back(Text("node '", node.name, "': ", error.what()));
    }
  }
  schedule_.Add(node.unique_id, node.is_ephemeral, std::move(scripts));
}

Script LiveRun::MakeScript(const BoundNode& node, const ScriptBinding& binding,
                           std::size_t number) const {
  Script script;
  script.id = Text("script.", node.unique_id, ".", Name(binding.when), ".", number, ".",
                   binding.path);
  script.name = binding.path;
  ScriptFile file = ResolveScript(binding.path, ScriptsFolder(), project_.folder);
  script.file = file.path;
  script.program = std::move(file.command);
  script.node = node.unique_id;
  script.node_name = node.name;
  script.when = binding.when;
  script.arguments = binding.arguments;
  script.limits = OrDefaults(binding.limits, default_limits_);
  script.environment = EnvironmentOf(binding);
  return script;
}

std::string LiveRun::EnvironmentOf(const ScriptBinding& binding) const {
  if (binding.environment.empty()) return kLocalEnvironment;
  if (environments_.contains(binding.environment)) return binding.environment;
  if (!environments_problem_.empty()) throw Error(environments_problem_);
  std::string known;
  for (const auto& [name, environment] : environments_)
    known += Text(known.empty() ? "'" : ", '", name, "'");
  throw Error(Text("script '", binding.path, "' names environment '", binding.environment,
                   "', which fal_project.yml does not define; known are ", known));
}

void LiveRun::HostSays(const std::string& line) {
  if (beginning_.has_value())
    Print(*beginning_, Printable(line));
  else
    notices_.push_back(Printable(line));
}

bool LiveRun::IsHostReady() const {
  return std::all_of(used_environments_.begin(), used_environments_.end(),
                     [this](const std::string& name) { return host_.IsReady(name); });
}

std::vector<std::string> LiveRun::HostFailures() const {
  std::vector<std::string> failures;
  for (const std::string& name : used_environments_) {
    const std::string& reason = host_.failure(name);
    if (reason.empty()) continue;
    const std::string where =
        name == kLocalEnvironment ? "" : Text(" in environment '", name, "'");
    failures.push_back(Text("cannot run scripts", where, ": ", reason));
  }
  return failures;
}

void LiveRun::Begin(ConnectionId connection) {
  const fs::path manifest = dbt_->target_folder / "manifest.json";
  // dbt before 1.9 writes the manifest without a word.
  if (!has_manifest_ && dbt_->hello.writes_json && fs::exists(manifest))
    LoadManifest(manifest);
  for (const std::string& notice : notices_) Print(connection, notice);
  dbt_->results.Clear();
  std::error_code ignored;
  fs::remove_all(LogsFolder(), ignored);
  beginning_ = connection;
  FinishBegin();
}

void LiveRun::FinishBegin() {
  if (!beginning_.has_value()) return;
  if (problems_.empty() && !IsHostReady()) return;
  const ConnectionId connection = *beginning_;
  beginning_.reset();
  if (problems_.empty()) problems_ = HostFailures();
  if (!problems_.empty())
    Refuse(connection, Joined(problems_));
  else if (has_manifest_)
    LetBegin(connection);
  else
    LetPass(connection);
}

void LiveRun::LetBegin(ConnectionId connection) {
  // With --fail-fast it matters that any node fails.
  if (dbt_->hello.fails_fast) return LetPass(connection);
  // dbt need not wait for an answer about nodes that no script is bound to.
  const json::value nodes = json::value_from(schedule_.BoundNodes());
  send_(connection, json::serialize(json::object{{"verdict", "go"}, {"nodes", nodes}}));
}

void LiveRun::StartTurn(ConnectionId connection, const DbtEvent& event) {
  if (event.binds_scripts && !has_manifest_)
    return Refuse(connection,
                  "cannot tell which scripts are bound to this node, for dbt was told to "
                  "write no manifest; run without '--no-write-json'");
  const std::vector<Script> due = schedule_.TakeDue(event);
  turns_[connection] = {event, {due.begin(), due.end()}};
  RunNext(connection);
}

void LiveRun::RunNext(ConnectionId connection) {
  Turn& turn = turns_.at(connection);
  if (turn.scripts.empty()) {
    turns_.erase(connection);
    return LetPass(connection);
  }
  if (runner_.is_interrupted()) {
    SkipScripts(connection, {turn.scripts.begin(), turn.scripts.end()}, runner_.reason());
    turns_.erase(connection);
    return Refuse(connection, Text("its scripts did not run: ", runner_.reason()));
  }
  const Script script = std::move(turn.scripts.front());
  turn.scripts.pop_front();
  Print(connection, dbt_->console.Started(script));
  const auto output = std::make_shared<ScriptOutput>(
      LogFile(LogsFolder(), script.id),
      [this, connection, script](const std::string& line, const char* level) {
        Print(connection, Console::Output(script, line), level);
      });
  ScriptRunner::Handlers handlers;
  handlers.on_output = [output](std::string_view line) { output->Add(line); };
  handlers.on_retry = [this, connection, script](const Outcome& outcome,
                                                 std::chrono::milliseconds delay) {
    Print(connection, dbt_->console.Retrying(script, outcome, delay), "warn");
  };
  handlers.on_ended = [this, connection, script, output](const Outcome& outcome) {
    output->Finish();
    EndScript(connection, script, outcome);
  };
  runner_.Run(script, script.when == When::kAfter ? "success" : turn.event.status,
              std::move(handlers));
  // After the hand-over, so that the disk does not keep the script waiting.
  dbt_->results.Start(script);
}

void LiveRun::EndScript(ConnectionId connection, const Script& script,
                        const Outcome& outcome) {
  dbt_->results.Finish(script, outcome);
  Print(connection,
        dbt_->console.Ended(script, outcome, dbt_->results.SecondsSinceStart(script)),
        outcome.succeeded ? "info" : "error");
  if (outcome.succeeded) return RunNext(connection);
  const Turn turn = std::move(turns_.at(connection));
  turns_.erase(connection);
  SkipScripts(connection, {turn.scripts.begin(), turn.scripts.end()},
              Text("script '", script.name, "' before it failed"));
  Refuse(connection, Text("script '", script.name, "' failed: ", outcome.message));
}

void LiveRun::FailFast(const DbtEvent& event) {
  // dbt itself waits for its threads, and so for our verdicts.
  static const std::set<std::string, std::less<>> kFailures = {"error", "fail",
                                                               "runtime error"};
  if (dbt_->hello.fails_fast && !runner_.is_interrupted() &&
      kFailures.contains(event.status))
    runner_.Interrupt(Text("stopped, for '", event.node, "' has failed (--fail-fast)"));
}

void LiveRun::SkipScripts(ConnectionId connection, const std::vector<Script>& scripts,
                          const std::string& reason) {
  for (const Script& script : scripts) {
    dbt_->results.Skip(script, reason);
    Print(connection, dbt_->console.Skipped(script));
  }
}

void LiveRun::Summarize(ConnectionId connection) {
  dbt_->results.Flush();
  const int succeeded = dbt_->results.Count(Results::Status::kSuccess);
  const int failed = dbt_->results.Count(Results::Status::kError);
  const int skipped = dbt_->results.Count(Results::Status::kSkipped);
  if (succeeded + failed + skipped > 0)
    Print(connection, Console::Summary(succeeded, failed, skipped));
}

void LiveRun::Close() {
  if (dbt_ != nullptr) dbt_->results.Flush();
}

int LiveRun::failed_scripts() const {
  return dbt_ == nullptr ? 0 : dbt_->results.Count(Results::Status::kError);
}

std::vector<std::string> LiveRun::MissedNodes() const {
  std::vector<std::string> missed;
  // Without its manifest, which it writes beside them, dbt has written no results either.
  if (dbt_ == nullptr || !has_manifest_ || !RunsNodes(dbt_->hello.command)) return missed;
  for (std::string& node : SucceededNodes(dbt_->target_folder / "run_results.json"))
    if (schedule_.IsWaiting(node)) missed.push_back(std::move(node));
  return missed;
}

std::string LiveRun::results_problem() const {
  return dbt_ == nullptr ? "" : dbt_->results.problem();
}

void LiveRun::Print(ConnectionId connection, const std::string& text, const char* level) {
  send_(connection, json::serialize(json::object{{"line", text}, {"level", level}}));
}

void LiveRun::LetPass(ConnectionId connection) {
  send_(connection, json::serialize(json::object{{"verdict", "go"}}));
}

void LiveRun::Refuse(ConnectionId connection, const std::string& message) {
  send_(connection, json::serialize(json::object{{"verdict", "fail"},
                                                 {"message", Printable(message)}}));
}

}  // namespace aft
