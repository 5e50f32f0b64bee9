// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aft {

/// What a dbt executable says of itself.
struct DbtAbility {
  bool can_load_gate = false;
  std::string reason;            ///< why it can't; empty where it can
  std::filesystem::path python;  ///< the interpreter that runs it; empty if not known
  std::string version;           ///< of dbt-core; empty if not known
};

/// What it takes to ask a dbt.
struct DbtQuestion {
  std::filesystem::path module_folder;  ///< holds the package `dbt` that answers
  std::filesystem::path cache_file;     ///< empty: no answer is kept
  std::filesystem::path scratch;        ///< an empty folder, for a dbt that can't be told
};

/// Asks `dbt` which Python runs it, of which version it is, and whether it can load the
/// gate: dbt-core 1.8 and later can.
///
/// Where the first line of `dbt` names the Python that has it, the answer is kept until
/// the file changes. What a wrapper starts may change without it, so a wrapper is asked
/// each time: it is started, as far as to where its Python would import dbt.
DbtAbility AskDbt(const std::filesystem::path& dbt, const DbtQuestion& question);

/// The file in the user's cache folder in which answers are kept; empty without such a
/// folder. (XDG Base Directory Specification)
std::filesystem::path GateCacheFile();

}  // namespace aft
