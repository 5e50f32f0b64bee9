// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace aft {

/// A module of aft's Python package that prints a JSON object.
struct PythonQuestion {
  std::filesystem::path python;          ///< the interpreter
  std::filesystem::path package_folder;  ///< that holds `aft`
  std::string module;
  std::string purpose;          ///< behind "cannot", for errors
  bool needs_packages = false;  ///< beside Python's own
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< NAME=VALUE
};

/// What the module's program prints. Throws Error with its output where that is no JSON
/// object.
boost::json::object AskPython(const PythonQuestion& question);

}  // namespace aft
