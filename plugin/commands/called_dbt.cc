// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/called_dbt.h"

#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/commands/python_answer.h"
#include "plugin/project/project_config.h"

namespace aft {

namespace fs = std::filesystem;

namespace {

/// How to install dbt, or a newer one, beside `python`, as the end of a message.
std::string HowToInstallDbt(const std::optional<fs::path>& python,
                            const Installation& installation) {
  constexpr const char* kInGeneral =
      "install dbt-core and the adapter of your warehouse, such as dbt-postgres, in a "
      "virtual environment of Python 3.9 or later";
  if (!python) return kInGeneral;
  PythonQuestion question;
  question.python = *python;
  question.package_folder = installation.package_folder;
  question.module = "aft.install_hint";
  question.purpose = "find out how to install dbt";
  question.needs_packages = true;
  try {
    return StringAt(AskPython(question), "how");
  } catch (const Error&) {
    // That there is no dbt matters more than what is wrong with this Python.
    return kInGeneral;
  }
}

}  // namespace

CalledDbt::CalledDbt(CommandContext& context, const std::string& option,
                     std::vector<std::string> words)
    : context_(context),
      words_(std::move(words)),
      path_(Find(option)),
      named_python_(PythonNamedBy(path_)) {}

const DbtAbility& CalledDbt::Ask() {
  if (!std::exchange(has_been_asked_, true))
    ability_ = AskDbt(path_, {context_.installation().question_folder, GateCacheFile(),
                              context_.run_folder()});
  // A wrapper that is written in Python itself.
  if (named_python_ && ability_.python != named_python_->path) named_python_.reset();
  return ability_;
}

std::string CalledDbt::AgeProblem() const {
  if (!ability_.version.starts_with("0.")) return "";
  return Text("dbt-core ", ability_.version,
              " is too old for scripts, which need 1.0 or later; name another dbt with "
              "'--aft-dbt PATH', or ",
              HowToInstallDbt(ability_.python, context_.installation()));
}

fs::path CalledDbt::Find(const std::string& option) const {
  if (std::optional<fs::path> found = FindDbt(option, ProjectFolder()))
    return std::move(*found);
  throw Error(Text(
      "cannot find dbt: there is none in aft's own virtual environment, in $VIRTUAL_ENV, "
      "in .venv of this folder or of the project, or on PATH; activate dbt's virtual "
      "environment, name dbt with '--aft-dbt PATH', or ",
      HowToInstallDbt(FindPython(ProjectFolder()), context_.installation())));
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
