// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace aft {

/// What a dbt executable says of itself.
struct DbtAbility {
  bool can_load_gate = false;
  std::string reason;  ///< why it can't; empty where it can
};

/// Asks the Python that runs `dbt` whether that dbt can load the gate: dbt-core 1.8 and
/// later can. The answer is kept in `cache_file` until the executable changes; an empty
/// path keeps nothing.
DbtAbility AskDbt(const std::filesystem::path& dbt,
                  const std::filesystem::path& cache_file);

/// The file in the user's cache folder in which answers are kept; empty without such a
/// folder. (XDG Base Directory Specification)
std::filesystem::path GateCacheFile();

}  // namespace aft
