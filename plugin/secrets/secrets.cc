// SPDX-License-Identifier: Apache-2.0
#include "plugin/secrets/secrets.h"

#include <algorithm>
#include <cctype>

#include "plugin/secrets/address_password.h"
#include "plugin/secrets/secret_name.h"

namespace aft {
namespace {

constexpr std::string_view kMask = "*****";

// A shorter one is part of too many words, and "}" alone is no secret line.
constexpr std::size_t kShortest = 4;

// No word that people use is longer, or hardly any.
constexpr std::size_t kLongestWord = 15;

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }
bool IsDigit(char c) { return std::isdigit(Byte(c)) != 0; }
bool IsHexDigit(char c) { return std::isxdigit(Byte(c)) != 0; }
bool IsLetter(char c) { return std::isalpha(Byte(c)) != 0; }
bool IsUpper(char c) { return std::isupper(Byte(c)) != 0; }
bool IsOfWord(char c) {
  return std::isalnum(Byte(c)) != 0 || c == '_' || Byte(c) >= 0x80;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(Byte(c)));
  return lower;
}

/// As people write words and numbers: word, Word, WORD, 2024.
bool IsOrdinary(std::string_view text) {
  if (text.size() > kLongestWord) return false;
  if (std::all_of(text.begin(), text.end(), IsDigit)) return true;
  if (!std::all_of(text.begin(), text.end(), IsLetter)) return false;
  const std::string_view rest = text.substr(1);
  return std::none_of(rest.begin(), rest.end(), IsUpper) ||
         std::all_of(text.begin(), text.end(), IsUpper);
}

/// Whether `text` ends in an escape with `digits` hexadecimal digits after `mark`.
bool EndsInHex(std::string_view text, std::string_view mark, std::size_t digits) {
  if (text.size() < mark.size() + digits) return false;
  const std::string_view number = text.substr(text.size() - digits);
  text.remove_suffix(digits);
  return text.ends_with(mark) && std::all_of(number.begin(), number.end(), IsHexDigit);
}

/// Whether no word goes on from `before` into what follows; the letters and digits of an
/// escape (\n, %20) are of no word.
bool IsWordsEnd(std::string_view before) {
  if (before.empty() || !IsOfWord(before.back())) return true;
  constexpr std::string_view kEscapes = "abtnvfr";
  const bool is_escape = before.size() > 1 && before[before.size() - 2] == '\\' &&
                         kEscapes.find(before.back()) != std::string_view::npos;
  return is_escape || EndsInHex(before, "%", 2) || EndsInHex(before, "\\x", 2) ||
         EndsInHex(before, "\\u", 4) || EndsInHex(before, "\\U", 8);
}

void RemoveFromEnd(std::string_view& text, std::string_view characters) {
  while (!text.empty() && characters.find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
}

/// Whether what follows `before` is the value of something with a secret's name:
/// `password=`, `"PWD": "`, `'token' = '`.
bool EndsInSecretName(std::string_view before) {
  RemoveFromEnd(before, " \t\"'`{\\");
  if (!before.ends_with('=') && !before.ends_with(':')) return false;
  before.remove_suffix(1);
  RemoveFromEnd(before, " \t\"'`\\=>");
  std::size_t begin = before.size();
  while (begin > 0 && (IsOfWord(before[begin - 1]) || before[begin - 1] == '-')) --begin;
  return IsSecretName(before.substr(begin));
}

/// Whether it is the password of an address: `//user:password@host`.
bool IsOfAddress(std::string_view before, std::string_view after) {
  return before.ends_with(':') && after.starts_with('@');
}

}  // namespace

void Secrets::Add(std::string_view secret) {
  AddOne(secret);
  // The lines of a key file in JSON have all kinds of names in them.
  const std::size_t first = secret.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || secret[first] == '{') return;
  if (secret.find('\n') == std::string_view::npos) return;
  while (!secret.empty()) {
    const std::size_t end = std::min(secret.find('\n'), secret.size());
    std::string_view line = secret.substr(0, end);
    RemoveFromEnd(line, "\r");
    // "-----BEGIN PRIVATE KEY-----" is no secret.
    if (line.size() >= kShortest && !line.starts_with("-----")) AddOne(line);
    secret.remove_prefix(std::min(end + 1, secret.size()));
  }
}

void Secrets::AddOne(std::string_view secret) {
  const bool is_known =
      std::any_of(secrets_.begin(), secrets_.end(),
                  [secret](const Secret& known) { return known.text == secret; });
  if (secret.empty() || is_known) return;
  const Secret& added = secrets_.emplace_back(
      Secret{std::string(secret), WhereOf(secret), SpelledText(secret)});
  for (std::size_t byte = 0; byte < may_begin_.size(); ++byte)
    if (added.spelled.MayBeginWith(static_cast<char>(byte))) may_begin_.at(byte) = true;
}

void Secrets::AddName(std::string_view name) {
  names_.insert(Lower(name));
  for (Secret& secret : secrets_) secret.where = WhereOf(secret.text);
}

Secrets::Where Secrets::WhereOf(std::string_view secret) const {
  if (secret.size() < kShortest || names_.contains(Lower(secret))) return Where::kInPlace;
  return IsOrdinary(secret) ? Where::kAsWord : Where::kAnywhere;
}

/// The longest secret that begins at `at`.
SpelledText::Match Secrets::FindAt(std::string_view text, std::size_t at) const {
  SpelledText::Match longest;
  if (!may_begin_.at(Byte(text[at]))) return longest;
  const std::string_view before = text.substr(0, at);
  for (const Secret& secret : secrets_) {
    SpelledText::Match match = secret.spelled.MatchAt(text, at);
    if (match.end == 0 && !match.is_open) continue;
    if (secret.where != Where::kAnywhere) {
      if (!IsWordsEnd(before)) continue;
      const std::string_view after = text.substr(std::max(match.end, at));
      // Of a word at the end nobody knows yet whether it goes on.
      match.is_open = match.is_open || (match.end > 0 && after.empty());
      const bool is_word = after.empty() || !IsOfWord(after.front());
      const bool is_in_place = secret.where == Where::kAsWord ||
                               EndsInSecretName(before) || IsOfAddress(before, after);
      if (!is_word || !is_in_place) match.end = 0;
    }
    longest.end = std::max(longest.end, match.end);
    longest.is_open = longest.is_open || match.is_open;
  }
  return longest;
}

/// As FindAt(), up to the end of those that begin within it.
SpelledText::Match Secrets::FindAllAt(std::string_view text, std::size_t at) const {
  SpelledText::Match all = FindAt(text, at);
  for (std::size_t inner = at + 1; inner < all.end; ++inner) {
    const SpelledText::Match match = FindAt(text, inner);
    all.end = std::max(all.end, match.end);
    all.is_open = all.is_open || match.is_open;
  }
  return all;
}

std::string Secrets::Masked(std::string_view text) const {
  std::string masked;
  masked.reserve(text.size());
  AddressPassword password = FindAddressPassword(text, 0);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = FindAllAt(text, at).end;
    if (password.begin < std::max(end, at + 1)) end = std::max(end, password.end);
    if (end == 0) {
      masked += text[at++];
      continue;
    }
    masked += kMask;
    at = end;
    if (password.begin < at) password = FindAddressPassword(text, at);
  }
  return masked;
}

std::size_t Secrets::CutOf(std::string_view text) const {
  for (const std::size_t most : {BeginOfOpenAddress(text), text.size()})
    if (const std::size_t at = CutWithin(text, most); at > 0) return at;
  return text.size();
}

/// Where to cut among the first `most` bytes.
std::size_t Secrets::CutWithin(std::string_view text, std::size_t most) const {
  std::size_t at = 0;
  while (at < most) {
    const SpelledText::Match match = FindAllAt(text, at);
    if (match.is_open || match.end > most) break;
    at = std::max(at + 1, match.end);
  }
  return at;
}

}  // namespace aft
