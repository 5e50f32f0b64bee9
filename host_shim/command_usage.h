// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aft {

inline constexpr std::span<const std::string_view> kAnyValue;
inline constexpr std::string_view kNoShortName;
/// Ends what stands for a value where an option takes all values up to the next option.
inline constexpr std::string_view kAndMore = "...";

/// What may be given to a command: an option, whose name begins with a dash, or a word.
struct CommandArgument {
  std::string_view name;     ///< "--target", or "MODEL"
  std::string_view value;    ///< stands for the value of an option; empty for a flag
  std::string_view summary;  ///< a sentence for people
  std::span<const std::string_view> choices = kAnyValue;  ///< all that it may have
  std::string_view short_name = kNoShortName;             ///< "-t"
};

inline constexpr std::span<const CommandArgument> kNoArguments;

/// What a command of aft takes. Parsing, help, completion and the manual are made of it.
struct CommandUsage {
  std::string_view name;
  std::string_view summary;                                 ///< a sentence for people
  std::span<const CommandArgument> words = kNoArguments;    ///< all have to be given
  std::span<const CommandArgument> options = kNoArguments;  ///< none has to be given
  /// Stands for what the command passes on to another program: all that is not listed
  /// here. Without a name, the command refuses that.
  CommandArgument rest = {};
};

/// What was given to a command.
struct CommandWords {
  /// Where the command passes on words, with the options for the other program.
  std::vector<std::string> words;
  std::map<std::string, std::vector<std::string>, std::less<>> options;
  bool asks_for_help = false;  ///< of aft, not of another program

  /// The last value of an option, or `otherwise`.
  [[nodiscard]] std::string Value(std::string_view option,
                                  std::string_view otherwise = "") const;
};

/// Whether `argument` is this option, with its value behind it or not.
bool IsOption(std::string_view argument, const CommandArgument& option);

/// Whether `argument` asks for help.
bool IsHelp(std::string_view argument);

/// Reads the arguments after the command's name. Throws Error for what is wrong or
/// missing, unless they ask for help.
CommandWords ParseCommand(const CommandUsage& usage,
                          const std::vector<std::string>& arguments);

}  // namespace aft
