// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/python_models.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/commands/python_answer.h"
#include "plugin/project/schema_files.h"

namespace aft {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// Where placeholders lie below the first model path: aft's, and what fal has left.
constexpr auto kGeneratedFolders =
    std::to_array<std::string_view>({"aft_generated", "fal"});

std::vector<std::string> Texts(const json::object& answer, std::string_view key) {
  return json::value_to<std::vector<std::string>>(answer.at(key));
}

/// Those that have the name of one of dbt's own models. dbt would tell it of files that
/// the user has not written.
void RefuseEqualNames(const ProjectConfig& project, PythonModels& models) {
  std::map<std::string, std::string> files;
  std::set<std::string> names;
  for (const std::string& file : models.files) {
    files[fs::path(file).stem()] = file;
    names.insert(fs::path(file).stem());
  }
  for (const fs::path& sql : SqlModelsNamed(names, project))
    models.problems.push_back(Text("'", files[sql.stem()], "' and '", sql.native(),
                                   "' both are the model '", sql.stem().native(),
                                   "'; rename one of them"));
}

}  // namespace

bool MayHavePythonModels(const ProjectConfig& project) {
  std::error_code ignored;
  const auto is_there = [&](const fs::path& folder) {
    return fs::is_directory(project.folder / folder, ignored);
  };
  const std::vector<fs::path>& paths = project.python_model_paths;
  return std::any_of(paths.begin(), paths.end(), is_there) ||
         std::any_of(kGeneratedFolders.begin(), kGeneratedFolders.end(),
                     [&](std::string_view folder) {
                       return !project.model_paths.empty() &&
                              is_there(project.model_paths.front() / folder);
                     });
}

PythonModels UpdatePythonModels(const ProjectConfig& project, const fs::path& python,
                                const fs::path& package_folder) {
  PythonQuestion question;
  question.python = python;
  question.package_folder = package_folder;
  question.module = "aft.models.placeholders";
  question.purpose = "read the project's Python models";
  question.arguments = {project.folder, project.model_paths.front()};
  question.arguments.insert(question.arguments.end(), project.python_model_paths.begin(),
                            project.python_model_paths.end());
  const json::object answer = AskPython(question);
  PythonModels models{Texts(answer, "models"), Texts(answer, "problems"),
                      Texts(answer, "warnings")};
  RefuseEqualNames(project, models);
  return models;
}

}  // namespace aft
