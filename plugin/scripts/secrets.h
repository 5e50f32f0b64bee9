// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aft {

/// Texts that nobody may read: passwords and the like.
class Secrets {
 public:
  /// A secret of several lines is kept line by line as well, as it may be printed so.
  void Add(std::string_view secret);

  /// `text` with "*****" in the place of each secret, as dbt masks its own.
  [[nodiscard]] std::string Masked(std::string text) const;

  /// Where to cut a text whose rest is not known yet: before what may be the beginning of
  /// a secret at its end, unless that would be all of it.
  [[nodiscard]] std::size_t CutOf(std::string_view text) const;

 private:
  [[nodiscard]] std::size_t LongestSize() const;

  std::vector<std::string> secrets_;  ///< the longest first
};

}  // namespace aft
