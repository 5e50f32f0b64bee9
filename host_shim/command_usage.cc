// SPDX-License-Identifier: Apache-2.0
#include "host_shim/command_usage.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "host_shim/edit_distance.h"
#include "host_shim/error.h"

namespace aft {
namespace {

// Options that begin like this are aft's own, whatever else a command passes on.
constexpr std::string_view kOwnPrefix = "--aft-";

/// "'a', 'b' or 'c'".
std::string Alternatives(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    const char* between = i == 0 ? "" : is_last ? " or " : ", ";
    text += Text(between, "'", names[i], "'");
  }
  return text;
}

/// Reads the arguments of one command from the left to the right.
class CommandReader {
 public:
  CommandReader(const CommandUsage& usage, const std::vector<std::string>& arguments)
      : usage_(usage), arguments_(arguments) {}

  CommandWords Read();

 private:
  [[nodiscard]] bool PassesOn() const { return !usage_.rest.name.empty(); }
  [[nodiscard]] bool HasAllWords() const {
    return read_.words.size() >= usage_.words.size();
  }
  void Take(const std::string& argument);
  void TakeOption(const std::string& argument, const CommandArgument& option);
  void TakeWord(const std::string& word);
  void RefuseOption(const std::string& argument) const;
  void CheckChoice(std::string_view place, const CommandArgument& argument,
                   const std::string& value) const;
  [[nodiscard]] std::string SeeHelp() const {
    return Text("; see 'aft ", usage_.name, " --help'");
  }

  const CommandUsage& usage_;
  const std::vector<std::string>& arguments_;
  CommandWords read_;
  std::size_t next_ = 0;
  bool has_ended_options_ = false;
};

CommandWords CommandReader::Read() {
  while (next_ < arguments_.size()) {
    Take(arguments_[next_++]);
    if (read_.asks_for_help) return std::move(read_);
  }
  if (!HasAllWords())
    throw Error(Text("'aft ", usage_.name, "' needs the argument ",
                     usage_.words[read_.words.size()].name, SeeHelp()));
  return std::move(read_);
}

void CommandReader::Take(const std::string& argument) {
  const bool is_passed_on = PassesOn() && HasAllWords();
  const auto option =
      std::find_if(usage_.options.begin(), usage_.options.end(),
                   [&](const CommandArgument& one) { return IsOption(argument, one); });
  if (!has_ended_options_ && option != usage_.options.end())
    return TakeOption(argument, *option);
  if (is_passed_on && !argument.starts_with(kOwnPrefix)) {
    read_.words.push_back(argument);
    return;
  }
  if (!has_ended_options_ && argument.size() > 1 && argument.front() == '-') {
    read_.asks_for_help = IsHelp(argument);
    has_ended_options_ = argument == "--";
    if (!read_.asks_for_help && !has_ended_options_) RefuseOption(argument);
    return;
  }
  TakeWord(argument);
}

void CommandReader::TakeOption(const std::string& argument,
                               const CommandArgument& option) {
  std::vector<std::string>& values = read_.options[std::string(option.name)];
  std::string value;
  if (argument == option.name || argument == option.short_name) {
    if (!option.value.empty()) {
      if (next_ == arguments_.size())
        throw Error(Text("'", argument, "' needs a value, ", option.value, SeeHelp()));
      value = arguments_[next_++];
    }
  } else if (argument.starts_with("--")) {
    value = argument.substr(option.name.size() + 1);
  } else {
    value = argument.substr(option.short_name.size());
  }
  CheckChoice(option.name, option, value);
  values.push_back(value);
  if (!option.value.ends_with(kAndMore)) return;
  while (next_ < arguments_.size() && !arguments_[next_].starts_with('-'))
    values.push_back(arguments_[next_++]);
}

void CommandReader::TakeWord(const std::string& word) {
  if (HasAllWords())
    throw Error(Text("'aft ", usage_.name, "' does not take '", word, "'", SeeHelp()));
  CheckChoice(Text("aft ", usage_.name), usage_.words[read_.words.size()], word);
  read_.words.push_back(word);
}

void CommandReader::CheckChoice(std::string_view place, const CommandArgument& argument,
                                const std::string& value) const {
  const auto& choices = argument.choices;
  if (choices.empty() ||
      std::find(choices.begin(), choices.end(), value) != choices.end())
    return;
  throw Error(Text("'", place, "' takes ", Alternatives(choices), ", not '", value, "'",
                   DidYouMean(value, choices)));
}

void CommandReader::RefuseOption(const std::string& argument) const {
  std::vector<std::string_view> names;
  for (const CommandArgument& option : usage_.options) names.push_back(option.name);
  const std::string name = argument.substr(0, argument.find('='));
  const std::string closest = DidYouMean(name, names);
  throw Error(Text("'aft ", usage_.name, "' has no option '", name, "'",
                   closest.empty() ? SeeHelp() : closest));
}

}  // namespace

std::string CommandWords::Value(std::string_view option,
                                std::string_view otherwise) const {
  const auto found = options.find(option);
  return found == options.end() ? std::string(otherwise) : found->second.back();
}

bool IsOption(std::string_view argument, const CommandArgument& option) {
  if (argument == option.name) return true;
  const bool has_value = !option.value.empty();
  if (has_value && argument.starts_with(option.name) &&
      argument[option.name.size()] == '=')
    return true;
  if (option.short_name.empty() || argument.starts_with("--")) return false;
  return has_value ? argument.starts_with(option.short_name)
                   : argument == option.short_name;
}

bool IsHelp(std::string_view argument) {
  return argument == "--help" || argument == "-h";
}

CommandWords ParseCommand(const CommandUsage& usage,
                          const std::vector<std::string>& arguments) {
  return CommandReader(usage, arguments).Read();
}

}  // namespace aft
