// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/called_dbt.h"

#include <utility>

#include "plugin/project/project_config.h"

namespace aft {

namespace fs = std::filesystem;

CalledDbt::CalledDbt(CommandContext& context, const std::string& option,
                     std::vector<std::string> words)
    : context_(context),
      words_(std::move(words)),
      path_(FindDbt(option, ProjectFolder())),
      named_python_(PythonNamedBy(path_)) {}

const DbtAbility& CalledDbt::Ask() {
  if (!std::exchange(has_been_asked_, true))
    ability_ = AskDbt(path_, {context_.installation().question_folder, GateCacheFile(),
                              context_.run_folder()});
  // A wrapper that is written in Python itself.
  if (named_python_ && ability_.python != named_python_->path) named_python_.reset();
  return ability_;
}

DbtArguments CalledDbt::Arguments() const {
  return DbtArguments(words_, DbtVariables(ability_.version));
}

fs::path CalledDbt::ProjectFolder() const {
  const std::string folder = Arguments().Setting("project-dir");
  return FindProject(folder.empty() ? fs::current_path() : fs::path(folder));
}

fs::path CalledDbt::PythonForScripts() const {
  if (named_python_) return named_python_->path;
  return ability_.python.empty() ? PythonBeside(path_) : ability_.python;
}

}  // namespace aft
