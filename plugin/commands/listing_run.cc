// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/listing_run.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "host_shim/error.h"
#include "plugin/dbt/command_line.h"
#include "plugin/dbt/dbt_console.h"
#include "plugin/project/script_path.h"
#include "plugin/run/exit_code.h"
#include "plugin/selection/selector.h"

namespace aft {
namespace fs = std::filesystem;

bool MayNameScript(const std::string& core, const ExpectedRun& expected) {
  const ProjectConfig& project = expected.project;
  const bool is_expected = std::any_of(
      expected.scripts.begin(), expected.scripts.end(),
      [&](const ExpectedScript& script) {
        return !script.is_hook &&
               NamesScript(core, FromProject(script.path, script.is_model, project));
      });
  if (is_expected) return true;
  return MayBeFileName(core) &&
         (expected.may_bind_more || !project.packages.empty() || MayBindInSql(project));
}

bool MayNameScripts(const DbtArguments& arguments, const ExpectedRun& expected) {
  for (const char* option : {"--select", "--exclude"})
    for (const SelectorTerm& term : ParseSelector(arguments.Values(option)))
      for (const Criterion& criterion : term) {
        if (!MayNameScript(criterion.core, expected)) continue;
        if (arguments.Value("--selector").empty()) return true;
        throw Error(Text("cannot select '", criterion.text, "' beside '--selector': dbt ",
                         "ignores '--select' and '--exclude' then; leave one of them ",
                         "out"));
      }
  return false;
}

void CheckNames(const DbtStart& start, const KnownPaths& known) {
  const DbtArguments arguments = start.dbt().Arguments();
  const ExpectedRun& expected = start.expected();
  const UnknownNames unknown =
      FindUnknownNames(arguments.Values("--select"), arguments.Values("--exclude"), known,
                       expected.project);
  // Without scripts, a selection is dbt's alone.
  if (unknown.empty() || !expected.MayBind()) return;
  for (const std::string& warning : unknown.warnings)
    start.context().output().write_error(Text("aft: warning: ", warning, "\n"));
  Refuse(unknown.problems, start.context().output());
}

KnownPaths PathsOf(const ExpectedRun& expected) {
  KnownPaths paths;
  for (const ExpectedScript& script : expected.scripts)
    (script.is_hook ? paths.hooks : paths.scripts)
        .push_back(FromProject(script.path, script.is_model, expected.project));
  return paths;
}

KnownPaths PathsOf(const BoundScripts& bound, const ProjectConfig& project) {
  KnownPaths paths;
  for (const NodeScripts& of_node : bound.nodes)
    for (const Script& script : of_node.scripts)
      (IsHook(script.when) ? paths.hooks : paths.scripts)
          .push_back(FromProject(script.name, script.is_model, project));
  return paths;
}

std::vector<GraphScript> GraphScriptsOf(const BoundScripts& bound,
                                        const ProjectConfig& project) {
  std::vector<GraphScript> scripts;
  for (const NodeScripts& of_node : bound.nodes)
    for (const Script& script : of_node.scripts)
      if (!IsHook(script.when))
        scripts.push_back({script.id, script.node, script.when,
                           FromProject(script.name, script.is_model, project),
                           script.is_model});
  return scripts;
}

ListingRun::ListingRun(std::unique_ptr<DbtStart> start)
    : start_(std::move(start)),
      commands_(start_->Commands()),
      invocation_(InvocationOf(commands_.arguments(), start_->dbt().PythonForScripts(),
                               start_->expected().project)),
      keeper_(project(), TargetFolder(project(), invocation_.target_folder)) {}

Run::Next ListingRun::NextStep() {
  if (run_) return run_->NextStep();
  if (has_ended_) return Next::kEnd;
  return std::exchange(has_command_, false) ? Next::kStart : Next::kWait;
}

void ListingRun::List(Process listing) {
  const fs::path target = TargetFolder(project(), invocation_.target_folder);
  listing_ = std::make_unique<NodeListing>(target / "manifest.json");
  console_ = std::make_unique<StagedConsole>(DbtConsole::OptionsOf(invocation_),
                                             start_->context().output().write_output);
  command_ = std::move(listing);
  has_command_ = true;
}

void ListingRun::Ask(std::vector<std::string> questions) {
  questions_ = std::move(questions);
  if (questions_.empty()) return Answered();
  List(commands_.ListingOf(questions_.back()));
}

void ListingRun::TakeLine(const std::string& line) {
  if (run_) return run_->TakeLine(line);
  if (!listing_->Take(line)) console_->TakeListing(line);
}

void ListingRun::CommandExited(int exit_code) {
  if (run_) return run_->CommandExited(exit_code);
  // dbt's own words are there already where it was interrupted.
  if (is_interrupted_ || (exit_code != 0 && listing_->has_told_error())) {
    console_->PrintListing();
    return End(exit_code == 0 ? kSomeFailed : exit_code);
  }
  try {
    const std::string problem = listing_->Problem(CommandLine(command_.argv), exit_code,
                                                  commands_.SilencesEmptiness());
    if (!problem.empty()) throw Error(problem);
    TakeListing();
  } catch (const Error& error) {
    console_->PrintListing();
    start_->context().output().write_error(Text("aft: ", error.what(), "\n"));
    End(exit_code == 0 ? kNotBegun : exit_code);
  }
}

void ListingRun::TakeListing() {
  if (questions_.empty()) return Listed();
  answers_[questions_.back()] = listing_->nodes();
  questions_.pop_back();
  Ask(std::exchange(questions_, {}));
}

BoundScripts ListingRun::ReadNewManifest(Graph& graph) const {
  const Manifest manifest = listing_->ReadNewManifest(project().name);
  graph = manifest.graph;
  return BindScripts(manifest, project(), invocation_,
                     ReadProjectEnvironments(project().folder));
}

void ListingRun::Interrupt() {
  if (run_) return run_->Interrupt();
  is_interrupted_ = true;
  if (!std::exchange(has_command_, false)) return;
  End(kSomeFailed);
}

void ListingRun::End(int exit_code) {
  exit_code_ = exit_code;
  has_ended_ = true;
  if (const std::string problem = keeper_.Keep(true, [&] { return invocation_; });
      !problem.empty())
    start_->context().output().write_error(Text("aft: warning: ", problem, "\n"));
}

}  // namespace aft
