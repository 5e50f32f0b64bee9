// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace aft {

/// The name of the environment that dbt itself runs in.
inline constexpr const char* kLocalEnvironment = "local";

/// A Python environment for scripts.
struct Environment {
  std::string name = kLocalEnvironment;
  std::string type;                   ///< "venv" or "conda"; empty for dbt's own
  std::vector<std::string> packages;  ///< each as pip or conda takes it
};

/// The environments that `folder`/fal_project.yml defines, by name, and dbt's own. A
/// project without that file has no others.
///
/// Throws Error, with the line where there is one, when the file is not what it should
/// be.
std::map<std::string, Environment> ReadEnvironments(const std::filesystem::path& folder);

}  // namespace aft
