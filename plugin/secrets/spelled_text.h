// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aft {

/// A text in every spelling in which programs print one: as it is, quoted for an address,
/// escaped as by Python's repr() and ascii(), JSON, shells or C, with doubled quotes or
/// braces, as HTML; also in any mixture of these.
class SpelledText {
 public:
  struct Match {
    std::size_t end = 0;   ///< of the longest spelling that begins there; 0 without one
    bool is_open = false;  ///< one that begins there may go on behind the end of the text
  };

  explicit SpelledText(std::string_view text);

  [[nodiscard]] bool MayBeginWith(char byte) const {
    return may_begin_.at(static_cast<unsigned char>(byte));
  }

  /// Looks for it at `begin` of a longer text.
  [[nodiscard]] Match MatchAt(std::string_view text, std::size_t begin) const;

 private:
  struct Spelling {
    std::string text;
    bool is_any_case;  ///< hexadecimal digits
  };

  std::vector<std::vector<Spelling>> characters_;
  std::array<bool, 256> may_begin_{};  ///< by the first byte
};

}  // namespace aft
