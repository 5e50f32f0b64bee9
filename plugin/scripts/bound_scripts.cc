// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/bound_scripts.h"

#include <algorithm>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/quoted_names.h"
#include "plugin/base/text_file.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/project/hook_text.h"
#include "plugin/project/known_keys.h"
#include "plugin/project/schema_files.h"
#include "plugin/project/script_limits.h"
#include "plugin/project/script_path.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

/// Turns bindings into scripts and collects what is wrong with them.
class ScriptBinder {
 public:
  ScriptBinder(const ProjectConfig& project, const DbtInvocation& invocation,
               const ProjectEnvironments& environments)
      : project_(project),
        invocation_(invocation),
        environments_(environments),
        checks_sources_(ChecksSources(invocation.command)) {
    ReadDefaultLimits(invocation);
  }

  void Bind(const Manifest& manifest) {
    bound_.problems.insert(bound_.problems.begin(), manifest.problems.begin(),
                           manifest.problems.end());
    RefuseNodeless(manifest.names);
    bound_.notices.reserve(manifest.warnings.size());
    for (const std::string& warning : manifest.warnings)
      bound_.notices.push_back("warning: " + warning);
    for (const std::string& warning : project_.warnings)
      bound_.notices.push_back("warning: " + warning);
    if (manifest.project.empty() && !manifest.nodes.empty()) {
      bound_.problems.emplace_back(
          "cannot tell the scripts of this project from those of packages: this dbt's "
          "manifest does not name the project; write its name into dbt_project.yml as "
          "plain text");
      return;
    }
    for (const BoundNode& node : manifest.nodes) {
      if (node.is_source != checks_sources_) continue;
      const std::optional<ScriptFolders> folders =
          FoldersOf(node, manifest, project_, invocation_);
      if (folders) {
        // Those of the project are among the problems of the manifest.
        if (node.package != manifest.project) TakeProblemsOfPackage(node);
        Bind(node, *folders);
      } else {
        bound_.notices.push_back(
            Text("The scripts that package '", node.package, "' binds to node '",
                 node.name, "' do not run. To run them, add '", node.package,
                 "' to the list 'packages' under 'vars: aft:' in dbt_project.yml."));
      }
    }
  }

  BoundScripts Take() { return std::move(bound_); }

 private:
  /// Entries of schema files that dbt passes over, because no node has their name.
  void RefuseNodeless(const NodeNames& names) {
    // A manifest that could not be read has none, and a reason of its own.
    if (names.empty()) return;
    for (const ScriptedEntry& entry : FindBoundScripts(project_).entries)
      if (std::string problem = names.Problem(entry); !problem.empty())
        bound_.problems.push_back(std::move(problem));
  }

  void ReadDefaultLimits(const DbtInvocation& invocation) {
    bound_.problems = project_.problems;
    for (const std::string& key : MisspeltSettingKeys(invocation))
      bound_.notices.push_back("warning: --vars: " + MisspeltSettings(key));
    std::map<std::string, std::string> settings = CommandLineSettings(invocation);
    for (const auto& [name, value] : settings) {
      if (!IsKnown(name, kSettingKeys))
        bound_.problems.push_back(
            Text("--vars: aft: ", UnknownKey(name, "", kSettingKeys)));
      if (name == "packages")
        bound_.problems.emplace_back(
            "--vars: aft: 'packages' can only be set in dbt_project.yml");
    }
    const std::map<std::string, std::string> given = settings;
    settings.insert(project_.settings.begin(), project_.settings.end());
    for (const auto& [name, value] : settings) {
      try {
        if (IsLimit(name))
          SetLimit(name, value, default_limits_);
        else if (name == "concurrency")
          bound_.concurrency = Concurrency(value);
      } catch (const Error& error) {
        // Those of the project's file are known, with their lines.
        if (given.contains(name))
          bound_.problems.push_back(Text("--vars: aft: ", error.what()));
      }
    }
  }

  void TakeProblemsOfPackage(const BoundNode& node) {
    for (const std::string& problem : node.problems)
      bound_.problems.push_back(Text("package '", node.package, "': ", problem));
  }

  /// Files stay inside the folder of the package.
  void Bind(const BoundNode& node, const ScriptFolders& folders) {
    NodeScripts of_node{node.unique_id, node.is_ephemeral, {}};
    for (const ScriptBinding& binding : node.bindings) {
      try {
        const ScriptFile file = ResolveScript(
            binding.path, binding.is_model ? folders.package : folders.scripts,
            folders.package);
        RefuseWritingHook(binding, file);
        of_node.scripts.push_back(MakeScript(node, binding, file));
        bound_.environments.insert(of_node.scripts.back().environment);
      } catch (const Error& error) {
        // All problems are reported together, so that they can be mended together.
        bound_.problems.push_back(Text("node '", node.name, "': ", error.what()));
      }
    }
    std::stable_sort(of_node.scripts.begin(), of_node.scripts.end(), ComesBefore);
    bound_.nodes.push_back(std::move(of_node));
  }

  static void RefuseWritingHook(const ScriptBinding& binding, const ScriptFile& file) {
    if (!IsHook(binding.when) || file.path.extension() != ".py") return;
    const std::string text = ReadText(file.path);
    if (const std::string_view write = WriteAtTop(text); !write.empty())
      throw Error(Text(KindName(binding.when), " '", binding.path, "' calls ", write,
                       "(), which is not allowed in a hook; bind it under 'scripts' ",
                       "instead"));
  }

  /// An id that stays the same when other scripts are bound or unbound, so that a retry
  /// finds its result. A path that is bound more than once is counted.
  std::string MakeId(const BoundNode& node, const ScriptBinding& binding) {
    const std::string id =
        Text("script.", node.unique_id, ".", Name(binding.when), ".", binding.path);
    std::string unique = id;
    for (int count = 2; !ids_.insert(unique).second; ++count)
      unique = Text(id, ".", count);
    return unique;
  }

  [[nodiscard]] Script MakeScript(const BoundNode& node, const ScriptBinding& binding,
                                  const ScriptFile& file) {
    Script script;
    script.id = MakeId(node, binding);
    script.name = binding.path;
    script.is_model = binding.is_model;
    script.file = file.path;
    script.program = file.command;
    script.node = node.unique_id;
    script.node_name = node.name;
    script.when = binding.when;
    script.arguments = binding.arguments;
    script.limits = OrDefaults(binding.limits, default_limits_);
    script.priority = binding.priority.value_or(0);
    script.environment = EnvironmentOf(binding);
    return script;
  }

  [[nodiscard]] std::string EnvironmentOf(const ScriptBinding& binding) const {
    if (binding.environment.empty()) return kLocalEnvironment;
    if (environments_.by_name.contains(binding.environment)) return binding.environment;
    if (!environments_.problem.empty()) throw Error(environments_.problem);
    std::vector<std::string> known;
    known.reserve(environments_.by_name.size());
    for (const auto& [name, environment] : environments_.by_name) known.push_back(name);
    throw Error(
        Text("script '", binding.path, "' names environment '", binding.environment,
             "', which fal_project.yml does not define; known are ", QuotedNames(known)));
  }

  const ProjectConfig& project_;
  const DbtInvocation& invocation_;
  const ProjectEnvironments& environments_;
  bool checks_sources_;
  ScriptLimits default_limits_;
  std::set<std::string> ids_;
  BoundScripts bound_;
};

}  // namespace

ProjectEnvironments ReadProjectEnvironments(const fs::path& folder) {
  ProjectEnvironments environments;
  environments.by_name.emplace(kLocalEnvironment, Environment{});
  try {
    environments.by_name = ReadEnvironments(folder);
  } catch (const Error& error) {
    environments.problem = error.what();
  }
  return environments;
}

fs::path ScriptsFolder(const ProjectConfig& project, const DbtInvocation& invocation) {
  const std::string given = CommandLineVariable(invocation, "fal-scripts-path");
  return project.folder / (given.empty() ? project.scripts_path : given);
}

std::optional<ScriptFolders> FoldersOf(const BoundNode& node, const Manifest& manifest,
                                       const ProjectConfig& project,
                                       const DbtInvocation& invocation) {
  if (node.package == manifest.project)
    return ScriptFolders{ScriptsFolder(project, invocation), project.folder};
  // A package that the user installed must not get to run code by being installed.
  if (!project.packages.contains(node.package)) return std::nullopt;
  const fs::path folder = project.folder / project.packages_folder / node.package;
  return ScriptFolders{folder, folder};
}

BoundScripts BindScripts(const Manifest& manifest, const ProjectConfig& project,
                         const DbtInvocation& invocation,
                         const ProjectEnvironments& environments) {
  ScriptBinder binder(project, invocation, environments);
  binder.Bind(manifest);
  return binder.Take();
}

}  // namespace aft
