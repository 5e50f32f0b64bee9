// SPDX-License-Identifier: Apache-2.0
#include "plugin/secrets/spelled_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace aft {
namespace {

char Lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string Hex(const char* format, std::uint32_t number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, number);
  return text.data();
}

/// One character as UTF-8 has it, or one byte that is no UTF-8.
struct Character {
  std::string_view bytes;
  std::uint32_t code;
  bool is_byte;
};

Character FirstOf(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (length == 1) return {text.substr(0, 1), lead, false};
  if (lead < 0xC2 || length > text.size()) return {text.substr(0, 1), lead, true};
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {text.substr(0, 1), lead, true};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return {text.substr(0, length), code, false};
}

/// What follows the backslash of a control character's escape.
char EscapeLetter(std::uint32_t code) {
  constexpr std::string_view kLetters = "abtnvfr";  // 7 to 13
  return code >= 7 && code <= 13 ? kLetters[code - 7] : '\0';
}

std::string_view HtmlName(std::uint32_t code) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return "";
  }
}

/// The escapes of a character, each with its backslash.
std::vector<std::string> EscapesOf(const Character& character) {
  std::vector<std::string> escapes;
  const std::uint32_t code = character.code;
  std::string bytes;
  for (const char c : character.bytes)
    bytes += Hex("\\x%02x", static_cast<unsigned char>(c));
  escapes.push_back(bytes);
  if (character.is_byte) {
    escapes.push_back(Hex("\\udc%02x", code));  // surrogateescape
    return escapes;
  }
  if (code < 0x100) escapes.push_back(Hex("\\x%02x", code));
  if (code < 0x10000) {
    escapes.push_back(Hex("\\u%04x", code));
  } else {
    escapes.push_back(Hex("\\u%04x", 0xD7C0U + (code >> 10U)) +
                      Hex("\\u%04x", 0xDC00U + (code & 0x3FFU)));
  }
  escapes.push_back(Hex("\\U%08x", code));
  return escapes;
}

/// `escape` as it is, and as it is when a text with it is escaped once or twice more.
std::vector<std::string> Escaped(const std::string& escape) {
  std::vector<std::string> more = {escape, "", ""};
  for (const char c : escape) {
    more[1] += c == '\\' ? "\\\\" : std::string(1, c);
    more[2] += c == '\\' ? "\\\\\\\\" : std::string(1, c);
  }
  return more;
}

}  // namespace

SpelledText::SpelledText(std::string_view text) {
  while (!text.empty()) {
    const Character character = FirstOf(text);
    text.remove_prefix(character.bytes.size());
    const std::string itself(character.bytes);
    std::vector<Spelling>& spellings = characters_.emplace_back();
    spellings.push_back({itself, false});
    const std::uint32_t code = character.code;
    const bool is_ascii = code < 0x80;
    // Nobody writes letters and digits otherwise.
    if (is_ascii && std::isalnum(static_cast<int>(code)) != 0) continue;
    for (const char* percent : {"%%%02x", "%%25%02x"}) {
      std::string quoted;
      for (const char c : character.bytes)
        quoted += Hex(percent, static_cast<unsigned char>(c));
      spellings.push_back({quoted, true});
    }
    if (code == ' ') spellings.push_back({"+", false});
    for (const std::string& escape : EscapesOf(character))
      for (const std::string& escaped : Escaped(escape))
        spellings.push_back({escaped, true});
    if (EscapeLetter(code) != '\0')
      for (const std::string& escaped : Escaped({'\\', EscapeLetter(code)}))
        spellings.push_back({escaped, false});
    if (!is_ascii || code <= ' ') continue;
    for (const std::string& escaped : Escaped("\\" + itself))
      spellings.push_back({escaped, false});
    // repr() of a text that has been through repr(), and a shell's way to quote a quote.
    spellings.push_back({"\\\\\\" + itself, false});
    if (code == '\'')
      for (const char* quoted : {"'\\''", "'\"'\"'"})
        spellings.push_back({quoted, false});
    spellings.push_back({itself + itself, false});
    spellings.push_back({Hex("&#%u;", code), false});
    spellings.push_back({Hex("&#x%x;", code), true});
    if (!HtmlName(code).empty()) spellings.push_back({std::string(HtmlName(code)), true});
  }
  if (characters_.empty()) return;
  for (const Spelling& spelling : characters_.front())
    may_begin_.at(static_cast<unsigned char>(spelling.text.front())) = true;
}

SpelledText::Match SpelledText::MatchAt(std::string_view text, std::size_t begin) const {
  Match match;
  if (!may_begin_.at(static_cast<unsigned char>(text[begin]))) return match;
  // Where the characters so far may have ended.
  std::vector<std::size_t> ends = {begin};
  for (const std::vector<Spelling>& spellings : characters_) {
    std::vector<std::size_t> next;
    for (const std::size_t end : ends) {
      const std::string_view rest = text.substr(end);
      for (const Spelling& spelling : spellings) {
        const std::size_t size = std::min(rest.size(), spelling.text.size());
        const bool is_same = std::equal(
            rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size),
            spelling.text.begin(), [&spelling](char one, char other) {
              return one == other || (spelling.is_any_case && Lower(one) == Lower(other));
            });
        if (!is_same) continue;
        if (size < spelling.text.size())
          match.is_open = true;
        else
          next.push_back(end + size);
      }
    }
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    ends = std::move(next);
    if (ends.empty()) return match;
  }
  match.end = ends.back();
  return match;
}

}  // namespace aft
