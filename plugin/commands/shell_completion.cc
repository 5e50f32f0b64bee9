// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/shell_completion.h"

#include <vector>

#include "host_shim/error.h"
#include "plugin/commands/help.h"
#include "plugin/commands/list.h"

namespace aft {
namespace {

/// A shell's pattern of the options that select scripts.
constexpr const char* kSelections = "-s | --select | -m | --models | --exclude";

/// A word with what it means, which may be empty.
struct Candidate {
  std::string_view name;
  std::string_view summary;
};

/// What may come after a command or, where its name is empty, before one.
struct Completed {
  std::string_view command;
  std::vector<Candidate> words;
  std::vector<CommandArgument> options;
};

Completed BeforeCommands() {
  Completed completed{"", {}, OwnOptions()};
  for (const Command* command : Commands())
    completed.words.push_back({command->usage.name, command->usage.summary});
  completed.options.push_back(kHelpOption);
  completed.options.push_back(kVersionOption);
  return completed;
}

Completed After(const CommandUsage& usage) {
  Completed completed{usage.name, {}, {usage.options.begin(), usage.options.end()}};
  for (const CommandArgument& word : usage.words)
    for (const std::string_view choice : word.choices)
      completed.words.push_back({choice, ""});
  for (const std::string_view choice : usage.rest.choices)
    completed.words.push_back({choice, ""});
  completed.options.push_back(kHelpOption);
  return completed;
}

std::vector<Completed> AllCompleted() {
  std::vector<Completed> all = {BeforeCommands()};
  for (const Command* command : Commands()) all.push_back(After(command->usage));
  return all;
}

std::string Joined(std::span<const std::string_view> names, const char* between) {
  std::string text;
  for (const std::string_view name : names)
    text += Text(text.empty() ? "" : between, name);
  return text;
}

std::vector<std::string_view> NamesOf(const std::vector<Candidate>& words) {
  std::vector<std::string_view> names;
  names.reserve(words.size());
  for (const Candidate& word : words) names.push_back(word.name);
  return names;
}

std::vector<Candidate> CandidatesOf(const std::vector<CommandArgument>& options) {
  std::vector<Candidate> candidates;
  candidates.reserve(options.size());
  for (const CommandArgument& option : options)
    candidates.push_back({option.name, option.summary});
  return candidates;
}

/// "--aft-dbt|--aft-mode": after these comes a value, and no command.
std::string OwnOptionsWithValues() {
  std::vector<std::string_view> names;
  const std::vector<CommandArgument> options = OwnOptions();
  for (const CommandArgument& option : options)
    if (!option.value.empty()) names.push_back(option.name);
  return Joined(names, "|");
}

/// In single quotes, each of which inside is written as `quote`.
std::string Quoted(std::string_view text, const char* quote) {
  std::string quoted = "'";
  for (const char character : text)
    quoted += character == '\'' ? std::string(quote) : std::string(1, character);
  return quoted + "'";
}

/// A line of a shell's `case` for each option with a value: what `action` makes of it.
template <typename Action>
std::string ValueCases(const Action& action) {
  std::string cases;
  for (const Completed& completed : AllCompleted())
    for (const CommandArgument& option : completed.options)
      if (!option.value.empty())
        cases += Text("    '", completed.command, " ", option.name, "') ", action(option),
                      " ;;\n");
  return cases;
}

std::string Bash() {
  const std::string values = ValueCases([](const CommandArgument& option) {
    return option.choices.empty() ? std::string("return")
                                  : Text("choices='", Joined(option.choices, " "), "'");
  });
  std::string words;
  for (const Completed& completed : AllCompleted()) {
    words += Text("      '", completed.command, " -'*) choices='",
                  Joined(NamesOf(CandidatesOf(completed.options)), " "), "' ;;\n",
                  "      '", completed.command, " '*) choices='",
                  Joined(NamesOf(completed.words), " "), "' ;;\n");
  }
  return Text(R"(# Completes the words of aft in bash. Printed by 'aft completion bash'.
_aft() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # Of "--option=value" bash makes three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  local command='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      )",
              OwnOptionsWithValues(), R"()
        if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i += 2)); else ((i += 1)); fi
        ;;
      -*) ;;
      *)
        command=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  # The values of these options may be names of scripts, behind operators.
  if [[ $command == @(dbt|flow|run) && $word != -* ]]; then
    for ((i = COMP_CWORD - 1; i > 0; i--)); do
      case ${COMP_WORDS[i]} in
        )",
              kSelections, R"sh()
          local operators=${word%"${word##*[,+@]}"}
          COMPREPLY=($(compgen -P "$operators" -W "$(aft completion scripts 2>/dev/null)" \
            -- "${word#"$operators"}"))
          return
          ;;
        -*) break ;;
      esac
    done
  fi
  local choices=''
  case "$command $previous" in
)sh",
              values, R"(    *) case "$command $word" in
)",
              words, R"(    esac ;;
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
}
complete -o default -F _aft aft
)");
}

std::string ZshArray(const std::vector<Candidate>& candidates) {
  std::string array;
  for (const Candidate& candidate : candidates)
    array += " " + Quoted(candidate.summary.empty()
                              ? std::string(candidate.name)
                              : Text(candidate.name, ":", candidate.summary),
                          "'\\''");
  return Text("choices=(", array, " )");
}

std::string Zsh() {
  const std::string values = ValueCases([](const CommandArgument& option) {
    return option.choices.empty()
               ? std::string("_files; return")
               : Text("compadd -- ", Joined(option.choices, " "), "; return");
  });
  std::string words;
  for (const Completed& completed : AllCompleted()) {
    words += Text("    '", completed.command, " -'*) ",
                  ZshArray(CandidatesOf(completed.options)), " ;;\n    '",
                  completed.command, " '*) ", ZshArray(completed.words), " ;;\n");
  }
  return Text(R"(#compdef aft
# Completes the words of aft in zsh. Printed by 'aft completion zsh'.
_aft() {
  local command='' previous=${words[CURRENT - 1]} i
  if [[ $PREFIX == --*=* ]]; then
    previous=${PREFIX%%=*}
    compset -P '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    case ${words[i]} in
      )",
              OwnOptionsWithValues(), R"() ((i += 1)) ;;
      -*) ;;
      *) command=${words[i]}; break ;;
    esac
  done
  # The values of these options may be names of scripts, behind operators.
  if [[ $command == (dbt|flow|run) && $PREFIX != -* ]]; then
    for ((i = CURRENT - 1; i > 1; i--)); do
      case ${words[i]} in
        )",
              kSelections, R"sh()
          compset -P '*[,+@]'
          compadd -- ${(f)"$(aft completion scripts 2>/dev/null)"}
          return
          ;;
        -*) break ;;
      esac
    done
  fi
  local -a choices
  case "$command $previous" in
)sh",
              values, R"(  esac
  case "$command $PREFIX" in
)",
              words, R"(  esac
  if ((${#choices})); then _describe aft choices; else _files; fi
}
if [[ ${funcstack[1]} == _aft ]]; then _aft "$@"; else compdef _aft aft; fi
)");
}

/// Words for fish, of one command or before all of them.
std::string FishWords(const std::vector<Candidate>& words, const std::string& begin) {
  std::string text;
  for (const Candidate& word : words) {
    text += Text(begin, " -f -a ", word.name);
    if (!word.summary.empty()) text += " -d " + Quoted(word.summary, "\\'");
    text += "\n";
  }
  return text;
}

std::string FishOption(const CommandArgument& option, const std::string& begin) {
  std::string text = Text(begin, " -l ", option.name.substr(2));
  if (!option.short_name.empty()) text += Text(" -s ", option.short_name.substr(1));
  if (!option.choices.empty())
    text += Text(" -x -a '", Joined(option.choices, " "), "'");
  else if (!option.value.empty())
    text += " -r";
  return Text(text, " -d ", Quoted(option.summary, "\\'"), "\n");
}

std::string Fish() {
  const Completed before = BeforeCommands();
  std::string text =
      "# Completes the words of aft in fish. Printed by 'aft completion fish'.\n"
      "function __aft_selects\n"
      "    for word in (commandline -opc)[-1..1]\n"
      "        switch $word\n"
      "            case -s --select -m --models --exclude\n"
      "                return 0\n"
      "            case '-*'\n"
      "                return 1\n"
      "        end\n"
      "    end\n"
      "    return 1\n"
      "end\n"
      "function __aft_scripts\n"
      "    set -l operators (string replace -r '[^,+@]*$' '' -- (commandline -ct))\n"
      "    for name in (aft completion scripts 2>/dev/null)\n"
      "        echo $operators$name\n"
      "    end\n"
      "end\n"
      "complete -c aft -n '__fish_seen_subcommand_from dbt flow run; and __aft_selects' "
      "-f -a '(__aft_scripts)'\n";
  for (const Completed& completed : AllCompleted()) {
    const std::string condition =
        completed.command.empty()
            ? Text("not __fish_seen_subcommand_from ", Joined(NamesOf(before.words), " "))
            : Text("__fish_seen_subcommand_from ", completed.command);
    const std::string begin = Text("complete -c aft -n '", condition, "'");
    text += FishWords(completed.words, begin);
    for (const CommandArgument& option : completed.options)
      text += FishOption(option, begin);
  }
  return text;
}

}  // namespace

std::string CompletionFor(std::string_view shell) {
  if (shell == "zsh") return Zsh();
  return shell == "fish" ? Fish() : Bash();
}

}  // namespace aft
