// SPDX-License-Identifier: Apache-2.0
#include "plugin/commands/selectors_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/text_file.h"
#include "plugin/commands/listing_run.h"
#include "plugin/commands/rendered_project.h"
#include "plugin/dbt/dbt_command.h"
#include "plugin/project/schema_files.h"
#include "plugin/project/yaml_json.h"
#include "plugin/selection/selector.h"
#include "plugin/selection/unknown_names.h"
#include "plugin/selection/yaml_selector.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr const char* kSelectorsFile = "selectors.yml";

/// dbt reports a file that can't be read.
json::value ReadFile(const ProjectConfig& project) {
  try {
    return JsonOf(YAML::Load(ReadText(project.folder / kSelectorsFile)));
  } catch (const YAML::Exception&) {
    return nullptr;
  }
}

bool HasTemplates(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), HasJinja);
}

/// Whether one of `texts` is the name of a script, or looks like one that is misspelt.
bool MayNameScripts(const std::vector<std::string>& texts, const ExpectedRun& expected) {
  const KnownPaths known = PathsOf(expected);
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return MayNameScript(ParseSelector({text}).front().front().core, expected) ||
           !FindUnknownNames({text}, {}, known, expected.project).empty();
  });
}

/// The value of `--indirect-selection` that goes with the options; "" for the command's
/// own. A selector has its own rules for tests: its unions and intersections take none
/// that several of their parts select together. (dbt-core, graph/selector.py)
std::string IndirectSelection(const SelectorInOptions& selector,
                              const DbtArguments& arguments) {
  // No other command for which selections name scripts is about tests.
  if (arguments.command() != "build" && !ListsNodes(arguments.command())) return "";
  std::string usual = arguments.Setting("indirect-selection");
  if (usual.empty()) usual = "eager";
  std::vector<std::string> values = selector.indirect_selections;
  for (std::string& value : values)
    if (value.empty()) value = usual;
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (std::any_of(values.begin(), values.end(),
                  [&](const std::string& value) { return value != values.front(); }))
    throw Error("its parts differ in 'indirect_selection'");
  const std::string& value = values.front();
  const bool has_parts = selector.select.size() + selector.exclude.size() > 1 ||
                         selector.select.front().find(',') != std::string::npos;
  if (has_parts && (value == "cautious" || value == "buildable"))
    throw Error(Text("with 'indirect_selection: ", value,
                     "', options select other tests than a selector with several parts"));
  return value == usual ? "" : value;
}

std::vector<std::string> WordsWith(const SelectorInOptions& selector,
                                   const DbtArguments& arguments) {
  const std::string indirect = IndirectSelection(selector, arguments);
  std::vector<std::string_view> left_out = {"--select", "--exclude", "--selector"};
  if (!indirect.empty()) left_out.push_back("--indirect-selection");
  std::vector<std::string> words = arguments.WordsWithout(left_out, arguments.command());
  if (!indirect.empty()) words.insert(words.end(), {"--indirect-selection", indirect});
  words.emplace_back("--select");
  words.insert(words.end(), selector.select.begin(), selector.select.end());
  if (!selector.exclude.empty()) words.emplace_back("--exclude");
  words.insert(words.end(), selector.exclude.begin(), selector.exclude.end());
  return words;
}

/// The selector that dbt uses.
std::string NameOf(const DbtArguments& arguments, const YamlSelectors& selectors,
                   bool takes_default) {
  if (std::string name = arguments.Value("--selector"); !name.empty()) return name;
  const bool selects =
      !arguments.Values("--select").empty() || !arguments.Values("--exclude").empty();
  return takes_default && !selects ? selectors.DefaultName() : "";
}

}  // namespace

std::optional<std::vector<std::string>> WordsForSelector(CalledDbt& dbt,
                                                         const ExpectedRun& expected,
                                                         const CommandContext& context,
                                                         bool takes_default) {
  const DbtArguments arguments = dbt.Arguments();
  if (!expected.MayBind() || arguments.command() == "retry") return {};
  YamlSelectors selectors(ReadFile(expected.project));
  const std::string name = NameOf(arguments, selectors, takes_default);
  if (name.empty()) return {};
  const auto names_scripts = [&] {
    return MayNameScripts(selectors.Texts(name), expected);
  };
  try {
    if (HasTemplates(selectors.Texts(name))) {
      const bool does_surely = names_scripts();
      try {
        selectors = YamlSelectors(
            json::object{{"selectors", RenderedValue(kSelectorsFile, "selectors",
                                                     expected.project, dbt, context)}});
      } catch (const Error&) {
        // dbt may be able to render it, and needs no help if it names no script.
        if (does_surely) throw;
        return {};
      }
    }
    if (!names_scripts()) return {};
    const auto may_name = [&](const std::string& value) {
      return MayNameScript(value, expected);
    };
    return WordsWith(selectors.InOptions(name, may_name), arguments);
  } catch (const Error& error) {
    throw Error(Text("cannot use the selector '", name, "' of ", kSelectorsFile,
                     " with names of scripts: ", error.what()));
  }
}

}  // namespace aft
