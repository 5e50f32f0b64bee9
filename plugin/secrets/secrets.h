// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/secrets/spelled_text.h"

namespace aft {

/// Texts that nobody may read: passwords, tokens and keys. The one place that masks them.
///
/// Most are masked wherever they stand, in every spelling. But a password may be an
/// ordinary word, and a text in which each such word is starred out can't be read. So a
/// secret of letters or digits alone, of one case and fewer than 16, is masked as a whole
/// word only. One of fewer than 4 characters, or one that is also a name (a password
/// `postgres` of the user `postgres`), is masked only where it stands as a secret:
/// `password=abc`, or `user:abc@host`. The password of an address
/// (`scheme://user:password@host`) is masked there even if nobody has named it.
///
/// Base64 and hashes of a secret are not known.
class Secrets {
 public:
  /// The lines of one that has several are secrets as well, as they may be printed
  /// singly.
  void Add(std::string_view secret);

  /// A text that people have to read: a user, a database, a schema.
  void AddName(std::string_view name);

  /// `text` with "*****" in the place of each secret, as dbt masks its own. To be asked
  /// before a text is cut: of half a secret nobody knows what it is.
  [[nodiscard]] std::string Masked(std::string_view text) const;

  /// Where to cut a text whose rest is not known yet: before what may be the beginning of
  /// a secret at its end, unless that would be all of it.
  [[nodiscard]] std::size_t CutOf(std::string_view text) const;

 private:
  enum class Where { kAnywhere, kAsWord, kInPlace };

  struct Secret {
    std::string text;
    Where where;
    SpelledText spelled;
  };

  void AddOne(std::string_view secret);
  [[nodiscard]] std::size_t CutWithin(std::string_view text, std::size_t most) const;
  [[nodiscard]] Where WhereOf(std::string_view secret) const;
  [[nodiscard]] SpelledText::Match FindAt(std::string_view text, std::size_t at) const;
  [[nodiscard]] SpelledText::Match FindAllAt(std::string_view text, std::size_t at) const;

  std::vector<Secret> secrets_;
  std::set<std::string> names_;  ///< in lower case
  std::array<bool, 256> may_begin_{};
};

}  // namespace aft
