// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/imported_names.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <vector>

#include "plugin/base/json_lookup.h"
#include "plugin/base/json_text.h"

namespace aft {
namespace {

namespace json = boost::json;

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

/// The place after the string that begins at `begin`, or the end of its line.
std::size_t EndOfString(std::string_view line, std::size_t begin) {
  const std::string three(3, line[begin]);
  const std::string_view quote =
      line.substr(begin, line.substr(begin, 3) == three ? 3 : 1);
  for (std::size_t at = begin + quote.size(); at < line.size(); ++at) {
    if (line.substr(at, quote.size()) == quote) return at + quote.size();
    if (line[at] == '\\') ++at;
  }
  return line.size();
}

/// A line of Python without its comment. Counts in `open` the parentheses that are still
/// open at its end. Strings of more than one line are not followed: their lines are read
/// like code.
std::string_view CodeOf(std::string_view line, int& open) {
  for (std::size_t at = 0; at < line.size();) {
    const char character = line[at];
    if (character == '#') return line.substr(0, at);
    if (character == '"' || character == '\'') {
      at = EndOfString(line, at);
      continue;
    }
    if (character == '(') ++open;
    if (character == ')') open = std::max(open - 1, 0);
    ++at;
  }
  return line;
}

/// Takes the first line away from `text`, with the line feed, carriage return or both
/// that end it.
std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  const std::size_t ending = text.substr(end, 2) == "\r\n" ? 2 : 1;
  text.remove_prefix(std::min(end + ending, text.size()));
  return line;
}

/// A text that a notebook has as one string or as a list of lines.
std::string JoinedText(const json::value* lines) {
  std::string text;
  if (lines != nullptr && lines->is_string()) text = lines->as_string();
  if (lines != nullptr && lines->is_array())
    for (const json::value& line : lines->as_array())
      if (line.is_string()) text += line.as_string();
  return text + "\n";
}

}  // namespace

std::string NotebookCode(const std::string& text) {
  const json::value notebook = ParseJsonOrNull(text);
  const json::value* cells = ValueAt(notebook, {"cells"});
  if (cells == nullptr || !cells->is_array()) return text;
  std::string code;
  for (const json::value& cell : cells->as_array())
    if (StringAt(cell, {"cell_type"}) == "code")
      code += JoinedText(ValueAt(cell, {"source"}));
  return code;
}

std::set<std::string> ImportedNames(std::string_view text) {
  std::set<std::string> names;
  while (!text.empty()) {
    std::string code;
    int open = 0;
    const auto add_line = [&] { code.append(CodeOf(TakeLine(text), open)).append("\n"); };
    add_line();
    while (!text.empty() && code.ends_with("\\\n")) add_line();
    if (!Imports(code)) continue;
    // Names in parentheses may be on the next lines.
    while (!text.empty() && open > 0) add_line();
    for (const std::string_view word : WordsIn(code)) names.emplace(word);
  }
  return names;
}

}  // namespace aft
