// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/start.h"

#include <algorithm>
#include <string_view>

#include "host_shim/command_usage.h"
#include "host_shim/edit_distance.h"
#include "host_shim/error.h"
#include "plugin/commands/fal_options.h"
#include "plugin/commands/help.h"
#include "plugin/commands/list.h"
#include "plugin/run/text_run.h"

namespace aft {
namespace {

constexpr int kMisused = 2;

std::vector<std::string_view> Names() {
  std::vector<std::string_view> names;
  for (const Command* command : Commands()) names.push_back(command->usage.name);
  return names;
}

const Command& CommandCalled(const std::string& name) {
  if (const Command* command = FindCommand(name)) return *command;
  const std::vector<std::string_view> names = Names();
  const std::string_view closest = ClosestName(name, names);
  if (!closest.empty())
    throw Error(Text("unknown command '", name, "'; did you mean 'aft ", closest, "'?"));
  throw Error(Text("unknown command '", name, "'; 'aft --help' lists the commands"));
}

[[noreturn]] void RefuseOption(const std::string& argument,
                               const std::vector<CommandArgument>& known) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string_view> names = {"--help", "--version"};
  for (const CommandArgument& option : known) names.push_back(option.name);
  if (const std::string hint = DidYouMean(name, names); !hint.empty())
    throw Error(Text("aft has no option '", name, "'", hint));
  throw Error(Text("aft has no option '", name,
                   "'; options of dbt come after 'aft dbt'; see 'aft --help'"));
}

/// The one of `options` that the argument is, or null.
const CommandArgument* Find(std::span<const CommandArgument> options,
                            const std::string& argument) {
  const auto found =
      std::find_if(options.begin(), options.end(),
                   [&](const CommandArgument& one) { return IsOption(argument, one); });
  return found == options.end() ? nullptr : &*found;
}

/// How many of `arguments` the option and its value are, from `at` on.
std::size_t LengthOf(const CommandArgument& option,
                     const std::vector<std::string>& arguments, std::size_t at) {
  if (arguments[at] != option.name || option.value.empty()) return 1;
  if (at + 1 == arguments.size())
    throw Error(Text("'", arguments[at], "' needs a value, ", option.value,
                     "; see 'aft --help'"));
  return 2;
}

}  // namespace

std::unique_ptr<Run> StartCommand(CommandContext& context,
                                  const std::vector<std::string>& arguments) {
  const RunOutput& output = context.output();
  const std::vector<CommandArgument> own = OwnOptions();
  std::size_t at = 0;
  std::string of_fal;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    if (IsHelp(arguments[at]))
      return std::make_unique<TextRun>(HelpOfAft(), output.write_output, 0);
    if (arguments[at] == kVersionOption.name ||
        arguments[at] == kVersionOption.short_name)
      return std::make_unique<TextRun>(VersionOfAft() + "\n", output.write_output, 0);
    const CommandArgument* option = Find(kFalOptions, arguments[at]);
    if (option != nullptr) of_fal = arguments[at];
    if (option == nullptr) option = Find(own, arguments[at]);
    if (option == nullptr) RefuseOption(arguments[at], own);
    at += LengthOf(*option, arguments, at);
  }
  if (at == arguments.size())
    return std::make_unique<TextRun>(HelpOfAft(), output.write_error, kMisused);
  const Command& command = CommandCalled(arguments[at]);
  if (!of_fal.empty() && Find(command.usage.options, of_fal) == nullptr)
    RefuseOption(of_fal, own);
  const auto name = arguments.begin() + static_cast<std::ptrdiff_t>(at);
  std::vector<std::string> given(arguments.begin(), name);
  given.insert(given.end(), name + 1, arguments.end());
  const CommandWords words = ParseCommand(command.usage, given);
  if (words.asks_for_help)
    return std::make_unique<TextRun>(HelpOf(command.usage), output.write_output, 0);
  if (command.start == nullptr)
    throw Error(Text("'aft ", command.usage.name, "' takes no options before it"));
  return command.start(context, words);
}

}  // namespace aft
