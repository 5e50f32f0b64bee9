// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/command_line.h"

#include <boost/json.hpp>

#include "host_shim/error.h"
#include "plugin/base/json_text.h"
#include "plugin/dbt/dbt_invocation.h"
#include "plugin/dbt/secret_variables.h"

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

/// Whether the value of `--vars` may not be shown, or can't be read.
bool HoldsSecrets(const std::string& variables) {
  try {
    boost::json::value value = ParseJson(VariablesAsJson(variables));
    return MaskSecrets(value);
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

std::string CommandLine(const std::vector<std::string>& words) {
  constexpr std::string_view kVariables = "--vars=";
  std::string line;
  bool is_value = false;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (is_value && HoldsSecrets(word))
      line += "…";
    else if (word.starts_with(kVariables) && HoldsSecrets(word.substr(kVariables.size())))
      line += "--vars=…";
    else
      line += Quoted(word);
    is_value = word == "--vars";
  }
  return line;
}

}  // namespace aft
