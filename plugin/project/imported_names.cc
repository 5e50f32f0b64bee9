// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/imported_names.h"

#include <algorithm>
#include <array>
#include <vector>

namespace aft {
namespace {

bool IsOfWord(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte == '_' || byte >= 0x80 || (byte >= '0' && byte <= '9') ||
         (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

std::vector<std::string_view> WordsIn(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    while (at < text.size() && IsOfWord(text[at])) ++at;
    if (at > begin)
      words.push_back(text.substr(begin, at - begin));
    else
      ++at;
  }
  return words;
}

bool Imports(std::string_view line) {
  constexpr std::array<std::string_view, 3> kWords = {"import", "import_module",
                                                      "__import__"};
  if (line.find("import") == std::string_view::npos) return false;
  const std::vector<std::string_view> words = WordsIn(line);
  return std::find_first_of(words.begin(), words.end(), kWords.begin(), kWords.end()) !=
         words.end();
}

/// Where the line that begins at `begin` ends, with those that continue it.
std::size_t EndOfLine(std::string_view text, std::size_t begin) {
  std::size_t end = text.find('\n', begin);
  while (end != std::string_view::npos && end > begin && text[end - 1] == '\\')
    end = text.find('\n', end + 1);
  return std::min(end, text.size());
}

/// The same where the line imports: names in parentheses may be on the next lines.
std::size_t EndOfImport(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view line = text.substr(begin, end - begin);
  const std::size_t open = line.rfind('(');
  if (open == std::string_view::npos || line.find(')', open) != std::string_view::npos)
    return end;
  return std::min(text.find(')', end), text.size());
}

}  // namespace

std::set<std::string> ImportedNames(std::string_view text) {
  std::set<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = EndOfLine(text, begin);
    if (Imports(text.substr(begin, end - begin))) {
      end = EndOfImport(text, begin, end);
      for (const std::string_view word : WordsIn(text.substr(begin, end - begin)))
        names.emplace(word);
    }
    begin = end + 1;
  }
  return names;
}

}  // namespace aft
