// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/manual.h"

#include <string_view>

#include "host_shim/error.h"
#include "plugin/commands/help.h"
#include "plugin/commands/list.h"

namespace aft {
namespace {

/// As the language of manual pages has it: man(7).
std::string Escaped(std::string_view text) {
  std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char character : text) {
    if (character == '\\')
      escaped += "\\e";
    else if (character == '-')
      escaped += "\\-";
    else
      escaped += character;
  }
  return escaped;
}

std::string Entry(std::string_view name, std::string_view summary) {
  return Text(".TP\n.B ", Escaped(name), "\n", Escaped(summary), "\n");
}

std::string Section(const CommandUsage& usage) {
  std::string text =
      Text(".SS \"", Escaped(Synopsis(usage)), "\"\n", Escaped(usage.summary), "\n");
  for (const CommandArgument& word : usage.words) text += Entry(word.name, word.summary);
  if (!usage.rest.name.empty()) text += Entry(usage.rest.name, usage.rest.summary);
  for (const CommandArgument& option : usage.options)
    text += Entry(Spelled(option), option.summary);
  return text;
}

constexpr std::string_view kAboutAftDbt = R"(.PP
.B aft\-dbt
stands in for dbt in programs that call dbt themselves.
It is the same as
.BR "aft dbt" .
)";

constexpr std::string_view kExitStatus = R"(.SH EXIT STATUS
.TP
.B 0
Every selected node and every script bound to it succeeded.
.TP
.B 1
A node or a script failed, the run was interrupted, or its output could not be written.
.TP
.B 2
The run did not start: the command line, the project or a binding is wrong.
.TP
.B 141
Nobody reads the output any more.
.TP
.B 128 + n
Signal n ended dbt.
)";

}  // namespace

std::string Manual() {
  std::string text =
      Text(".TH AFT 1 \"\" \"", VersionOfAft(), "\" \"User Commands\"\n",
           ".SH NAME\naft, aft\\-dbt \\- run Python scripts inside a dbt run\n",
           ".SH SYNOPSIS\n.B aft\n.I COMMAND\n[\\fIARGUMENTS\\fR]\n.br\n"
           ".B aft\\-dbt\n[\\fIARGUMENTS\\fR]\n",
           ".SH DESCRIPTION\n", Escaped(kAboutAft), "\n", kAboutAftDbt, ".SH COMMANDS\n");
  for (const Command* command : Commands()) text += Section(command->usage);
  text += ".SH OPTIONS\n";
  for (const CommandArgument& option : OwnOptions())
    text += Entry(Spelled(option),
                  "May also stand before the command. See the commands that take it.");
  for (const CommandArgument& option : {kHelpOption, kVersionOption})
    text += Entry(Spelled(option), option.summary);
  return Text(text, kExitStatus);
}

}  // namespace aft
