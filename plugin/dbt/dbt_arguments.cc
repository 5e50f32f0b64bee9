// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_arguments.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace aft {
namespace {

using Names = std::set<std::string, std::less<>>;

const Names& ListOptions() {
  static const Names kNames = {"--select",
                               "--exclude",
                               "--resource-type",
                               "--exclude-resource-type",
                               "--output-keys",
                               "--resource-types",
                               "--exclude-resource-types",
                               "--sampled"};
  return kNames;
}

/// Options of dbt 1.7 to 1.12, and of dbt 2, with one value. (`dbt build --help` and its
/// like)
const Names& ValueOptions() {
  static const Names kNames = {"--args",
                               "--cache-selected",
                               "--compute",
                               "--defer-state",
                               "--event-time-end",
                               "--event-time-start",
                               "--indirect-selection",
                               "--inline",
                               "--limit",
                               "--log-file-max-bytes",
                               "--log-format",
                               "--log-format-file",
                               "--log-level",
                               "--log-level-file",
                               "--log-path",
                               "--maximum-seed-size-mib",
                               "--output",
                               "--packages-install-path",
                               "--partial-parse-file-path",
                               "--printer-width",
                               "--profile",
                               "--profiles-dir",
                               "--project-dir",
                               "--record-timing-info",
                               "--run-cache-mode",
                               "--sample",
                               "--selector",
                               "--sqlparse",
                               "--state",
                               "--state-mode",
                               "--static-analysis",
                               "--target",
                               "--target-path",
                               "--threads",
                               "--v2-parser",
                               "--vars",
                               "--warn-error-options",
                               "--with-sample"};
  return kNames;
}

std::string LongName(const std::string& option) {
  static const std::map<std::string, std::string> kNames = {
      {"-d", "--debug"},  {"-f", "--full-refresh"}, {"-h", "--help"},
      {"-m", "--select"}, {"--models", "--select"}, {"--model", "--select"},
      {"-o", "--output"}, {"-q", "--quiet"},        {"-r", "--record-timing-info"},
      {"-s", "--select"}, {"-t", "--target"},       {"-x", "--fail-fast"}};
  const auto found = kNames.find(option);
  return found == kNames.end() ? option : found->second;
}

bool TakesValues(const std::string& option) {
  return ListOptions().contains(option) || ValueOptions().contains(option);
}

/// Whether dbt has this subcommand, and not one that is still unknown here.
bool IsCommand(const std::string& word) {
  return std::find(kDbtCommands.begin(), kDbtCommands.end(), word) != kDbtCommands.end();
}

/// Whether another word completes the subcommand: "source freshness".
bool IsGroup(const std::string& command) {
  return command == "source" || command == "docs";
}

bool IsOption(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

DbtArgument Option(const std::string& word) {
  // The value of "-tdev" is "dev".
  const std::string short_name = LongName(word.substr(0, 2));
  if (word.size() > 2 && word[1] != '-' && TakesValues(short_name))
    return {short_name, {word.substr(2)}, {word}};
  const std::size_t equals = word.find('=');
  const bool has_value = equals != std::string::npos && word.rfind("--", 0) == 0;
  DbtArgument argument{LongName(word.substr(0, equals)), {}, {word}};
  if (has_value) argument.values.push_back(word.substr(equals + 1));
  return argument;
}

}  // namespace

bool IsTrue(std::string text) {
  for (char& character : text)
    character = static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  constexpr std::array<std::string_view, 6> kWords = {"1", "true", "t", "yes", "y", "on"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

DbtArguments::DbtArguments(const std::vector<std::string>& words, DbtVariables variables)
    : variables_(std::move(variables)) {
  for (std::size_t at = 0; at < words.size();) {
    if (!IsOption(words[at])) {
      TakeWord(words[at++]);
      continue;
    }
    DbtArgument argument = Option(words[at++]);
    const bool is_list = ListOptions().contains(argument.option);
    std::size_t wanted =
        is_list ? words.size()
                : static_cast<std::size_t>(ValueOptions().contains(argument.option));
    if (!argument.values.empty() && !is_list) wanted = 0;
    // A single value may begin with a dash: a number, or YAML.
    for (; wanted > 0 && at < words.size() && (!is_list || !IsOption(words[at]));
         --wanted) {
      argument.values.push_back(words[at]);
      argument.words.push_back(words[at++]);
    }
    arguments_.push_back(std::move(argument));
  }
}

void DbtArguments::TakeWord(const std::string& word) {
  if (IsGroup(command_)) {
    command_ += " " + word;
    return;
  }
  const bool is_known = IsCommand(command_.substr(0, command_.find(' ')));
  if (!command_.empty() && (is_known || !IsCommand(word))) {
    arguments_.push_back({"", {}, {word}});
    return;
  }
  // What came first was the value of an option that is unknown here.
  if (!command_.empty())
    arguments_.insert(arguments_.begin() + static_cast<std::ptrdiff_t>(command_place_),
                      {"", {}, {command_}});
  command_ = word;
  command_place_ = arguments_.size();
}

std::string DbtArguments::Value(std::string_view option) const {
  std::string value;
  for (const DbtArgument& argument : arguments_)
    if (argument.option == option && !argument.values.empty())
      value = argument.values.back();
  return value;
}

std::vector<std::string> DbtArguments::Values(std::string_view option) const {
  std::vector<std::string> values;
  for (const DbtArgument& argument : arguments_)
    if (argument.option == option)
      values.insert(values.end(), argument.values.begin(), argument.values.end());
  return values;
}

bool DbtArguments::Flag(std::string_view name, bool otherwise) const {
  if (const std::string forced = variables_.Override(name); !forced.empty())
    return IsTrue(forced);
  const std::string on = "--" + std::string(name);
  const std::string off = "--no-" + std::string(name);
  for (auto argument = arguments_.rbegin(); argument != arguments_.rend(); ++argument)
    if (argument->option == on || argument->option == off) return argument->option == on;
  const std::string variable = variables_.Value(name);
  return variable.empty() ? otherwise : IsTrue(variable);
}

std::string DbtArguments::Setting(std::string_view name) const {
  const std::string forced = variables_.Override(name);
  const std::string given = forced.empty() ? Value("--" + std::string(name)) : forced;
  return given.empty() ? variables_.Value(name) : given;
}

std::vector<std::string> DbtArguments::WordsWithout(
    const std::vector<std::string_view>& left_out, const std::string& command) const {
  std::vector<std::string> words;
  const auto add_command = [&] {
    std::istringstream parts(command);
    for (std::string part; parts >> part;) words.push_back(part);
  };
  for (std::size_t at = 0; at < arguments_.size(); ++at) {
    if (at == command_place_) add_command();
    const DbtArgument& argument = arguments_[at];
    if (std::find(left_out.begin(), left_out.end(), argument.option) != left_out.end())
      continue;
    words.insert(words.end(), argument.words.begin(), argument.words.end());
  }
  if (command_place_ == arguments_.size()) add_command();
  return words;
}

}  // namespace aft
