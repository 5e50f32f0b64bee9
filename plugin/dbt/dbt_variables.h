// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace aft {

/// The minor version of a dbt-core 1.x; nothing for another dbt, or an unknown one.
std::optional<int> MinorOfDbt1(std::string_view version);

/// Whether this is a dbt-core 1.x older than 1.`minor`. An unknown one counts as new.
bool IsBefore(std::string_view dbt_version, int minor);

/// The environment variables of dbt's options. Which ones it reads depends on its
/// version.
class DbtVariables {
 public:
  /// An empty `dbt_version` is not known: the newest dbt is assumed.
  explicit DbtVariables(std::string dbt_version = "")
      : version_(std::move(dbt_version)) {}

  [[nodiscard]] const std::string& dbt_version() const { return version_; }

  /// What dbt reads for an option, such as "full-refresh", that is not on its command
  /// line; empty without.
  [[nodiscard]] std::string Value(std::string_view option) const;

  /// The value of a variable with an old name, which dbt prefers even to its command
  /// line; empty without.
  [[nodiscard]] std::string Override(std::string_view option) const;

 private:
  [[nodiscard]] std::string ValueOf(const std::string& name) const;

  std::string version_;
};

}  // namespace aft
