// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/help.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <utility>
#include <vector>

#include "host_shim/error.h"
#include "plugin/commands/list.h"

namespace aft {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kWidestName = 24;
constexpr std::size_t kMargin = 2;

using Rows = std::vector<std::pair<std::string, std::string_view>>;

/// The lines of `text` where each begins at column `indent`, without blanks before the
/// first one.
std::string Wrapped(std::string_view text, std::size_t indent) {
  std::istringstream words{std::string(text)};
  std::string wrapped;
  std::size_t column = indent;
  for (std::string word; words >> word;) {
    const bool is_first = column == indent;
    if (!is_first && column + 1 + word.size() > kWidth) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      wrapped += " ";
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped + "\n";
}

/// Names with their meanings beside them, or below those that are too long.
std::string Table(std::string_view title, const Rows& rows) {
  if (rows.empty()) return "";
  std::size_t widest = 0;
  for (const auto& [name, summary] : rows)
    if (name.size() <= kWidestName) widest = std::max(widest, name.size());
  const std::size_t indent = kMargin + widest + kMargin;
  std::string table = Text("\n", title, "\n");
  for (const auto& [name, summary] : rows) {
    table += std::string(kMargin, ' ') + name;
    table += name.size() > widest ? "\n" + std::string(indent, ' ')
                                  : std::string(indent - kMargin - name.size(), ' ');
    table += Wrapped(summary, indent);
  }
  return table;
}

Rows RowsOf(std::span<const CommandArgument> arguments) {
  Rows rows;
  for (const CommandArgument& argument : arguments)
    rows.emplace_back(Spelled(argument), argument.summary);
  return rows;
}

}  // namespace

std::string VersionOfAft() { return "aft " AFT_VERSION; }

std::string Spelled(const CommandArgument& argument) {
  std::string text(argument.name);
  if (!argument.short_name.empty()) text = Text(argument.short_name, ", ", text);
  return argument.value.empty() ? text : Text(text, " ", argument.value);
}

std::string Synopsis(const CommandUsage& usage) {
  std::string text = Text("aft ", usage.name);
  for (const CommandArgument& word : usage.words) text += Text(" ", word.name);
  if (!usage.options.empty()) text += " [OPTIONS]";
  if (!usage.rest.name.empty()) text += Text(" [", usage.rest.name, "]");
  return text;
}

std::string HelpOf(const CommandUsage& usage) {
  Rows words = RowsOf(usage.words);
  if (!usage.rest.name.empty()) words.emplace_back(usage.rest.name, usage.rest.summary);
  return Text("Usage: ", Synopsis(usage), "\n\n", Wrapped(usage.summary, 0),
              Table("Arguments:", words), Table("Options:", RowsOf(usage.options)));
}

std::string HelpOfAft() {
  Rows commands;
  for (const Command* command : Commands())
    commands.emplace_back(command->usage.name, command->usage.summary);
  Rows options;
  for (const CommandArgument& option : OwnOptions())
    options.emplace_back(Spelled(option), option.summary);
  const Rows others = RowsOf(std::to_array({kHelpOption, kVersionOption}));
  return Text(
      "Usage: aft COMMAND [ARGUMENTS]\n\n", Wrapped(kAboutAft, 0),
      Table("Commands:", commands),
      Table("Options of commands that start dbt, before or after the command:", options),
      Table("Other options:", others));
}

}  // namespace aft
