// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/command.h"
#include "plugin/commands/shell_completion.h"
#include "plugin/run/text_run.h"

namespace aft {
namespace {

constexpr auto kWords = std::to_array<CommandArgument>(
    {{"SHELL", "", "bash, zsh or fish.", kCompletedShells}});

std::unique_ptr<Run> Start(CommandContext& context, const CommandWords& words) {
  return std::make_unique<TextRun>(CompletionFor(words.words.front()),
                                   context.output().write_output, 0);
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
