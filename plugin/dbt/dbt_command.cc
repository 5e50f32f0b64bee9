// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/dbt_command.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "host_shim/error.h"

namespace aft {
namespace {

/// Walks over arguments and takes the values of options, in either form:
/// `--option value` and `--option=value`.
class ArgumentReader {
 public:
  explicit ArgumentReader(const std::vector<std::string>& arguments)
      : arguments_(arguments) {}

  [[nodiscard]] bool IsAtEnd() const { return next_ == arguments_.size(); }
  const std::string& Next() { return arguments_[next_++]; }

  /// The value of `option` when `argument`, the last that Next() gave, is that option.
  /// `value` is where it comes from: the argument itself or the next one.
  bool Takes(const std::string& argument, std::string_view option, std::string& value) {
    if (argument == option && !IsAtEnd()) {
      value = Next();
      return true;
    }
    if (argument.size() > option.size() &&
        argument.compare(0, option.size(), option) == 0 &&
        argument[option.size()] == '=') {
      value = argument.substr(option.size() + 1);
      return true;
    }
    return false;
  }

 private:
  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
};

/// The words for dbt's own command line, with our command's words taken off or
/// translated.
std::vector<std::string> Translate(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "dbt" || command == "debug")
    return {arguments.begin() + 1, arguments.end()};
  if (command == "flow") {
    if (arguments.size() < 2 || arguments[1] != "run")
      throw Error("unknown command after 'flow'; the only one is 'aft flow run'");
    std::vector<std::string> translated(arguments.begin() + 1, arguments.end());
    std::erase(translated, "--experimental-flow");
    return translated;
  }
  throw Error(Text(
      "unknown command '", command,
      "'; the commands are 'aft dbt …', 'aft flow run', 'aft debug', 'aft read' and ",
      "'aft write'; see 'aft --help'"));
}

DbtMode ModeOf(const std::string& name) {
  if (name == "auto") return DbtMode::kAuto;
  if (name == "live") return DbtMode::kLive;
  if (name == "staged") return DbtMode::kStaged;
  throw Error(Text("unknown mode '", name,
                   "' after '--aft-mode'; the modes are 'auto', 'live' and 'staged'"));
}

}  // namespace

bool RunsNodes(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames = {"run", "build", "seed", "snapshot",
                                                      "retry"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool ChecksSources(const std::string& name) {
  return name == "freshness" || name == "snapshot-freshness";
}

DbtCommand ParseDbtCommand(const std::vector<std::string>& arguments) {
  const std::vector<std::string> words = Translate(arguments);
  DbtCommand command;
  command.is_debug = arguments.front() == "debug";
  command.is_flow = arguments.front() == "flow";
  ArgumentReader reader(words);
  bool asks_for_help = false;
  while (!reader.IsAtEnd()) {
    const std::string& argument = reader.Next();
    if (reader.Takes(argument, "--aft-dbt", command.dbt)) continue;
    if (std::string mode; reader.Takes(argument, "--aft-mode", mode)) {
      command.mode = ModeOf(mode);
      continue;
    }
    if (argument.rfind("--aft-", 0) == 0)
      throw Error(
          Text("unknown option, or one without its value: '", argument,
               "'; aft's own options are '--aft-dbt PATH' and '--aft-mode MODE'"));
    command.arguments.push_back(argument);
    asks_for_help |= argument == "--help" || argument == "-h";
    command.runs_nodes |= RunsNodes(argument);
    command.checks_sources |= ChecksSources(argument);
  }
  if (asks_for_help || command.is_debug)
    command.runs_nodes = command.checks_sources = false;
  return command;
}

}  // namespace aft
