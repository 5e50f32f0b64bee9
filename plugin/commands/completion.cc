// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <utility>

#include "plugin/commands/command.h"
#include "plugin/commands/script_names.h"
#include "plugin/commands/shell_completion.h"
#include "plugin/run/text_run.h"

namespace aft {
namespace {

constexpr auto kChoices =
    std::to_array<std::string_view>({"bash", "zsh", "fish", kScriptsWord});
constexpr auto kWords = std::to_array<CommandArgument>(
    {{"SHELL", "",
      "bash, zsh or fish; or scripts, for the names of the project's scripts.",
      kChoices}});

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  const std::string& word = words.words.front();
  std::string text;
  if (word == kScriptsWord)
    for (const std::string& name : ScriptNames(std::filesystem::current_path()))
      text += name + "\n";
  else
    text = CompletionFor(word);
  return std::make_unique<TextRun>(std::move(text), context.output().write_output, 0);
}

}  // namespace

extern const Command kCompletion;
const Command kCompletion = {
    {"completion",
     "Print the completion of aft's words for a shell, as in 'source <(aft completion "
     "bash)'.",
     kWords},
    Start};

}  // namespace aft
