// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/command_line.h"

namespace aft {
namespace {

/// As a shell reads it back.
std::string Quoted(const std::string& word) {
  const bool is_plain =
      !word.empty() && word.find_first_of(" \t\n\"'\\$`&|;<>()*?[]{}#~!") == word.npos;
  if (is_plain) return word;
  std::string quoted = "'";
  for (const char character : word)
    quoted += character == '\'' ? std::string("'\\''") : std::string(1, character);
  return quoted + "'";
}

}  // namespace

std::string CommandLine(const std::vector<std::string>& words) {
  std::string line;
  bool is_hidden = false;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (is_hidden)
      line += "…";
    else
      line += word.rfind("--vars=", 0) == 0 ? "--vars=…" : Quoted(word);
    is_hidden = word == "--vars";
  }
  return line;
}

}  // namespace aft
