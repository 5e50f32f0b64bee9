// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/yaml_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "host_shim/error.h"
#include "plugin/project/yaml_json.h"

namespace aft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The selector `it`, whose definition is `definition`, behind one named `base`.
YamlSelectors Selectors(const std::string& definition) {
  return YamlSelectors(JsonOf(YAML::Load(
      "selectors: [{name: base, definition: {union: [tag:x, {exclude: [b]}]}}, "
      "{name: it, definition: " +
      definition + "}, {name: late, default: true, definition: '*'}]")));
}

SelectorInOptions InOptions(const std::string& definition) {
  return Selectors(definition).InOptions("it", [](const std::string& value) {
    return value == "run.sh" || value == "score.py";
  });
}

std::string Select(const std::string& definition) {
  const SelectorInOptions options = InOptions(definition);
  std::string text;
  for (const std::string& term : options.select) text += (text.empty() ? "" : " ") + term;
  for (const std::string& term : options.exclude) text += " -" + term;
  return text;
}

std::string Refusal(const std::string& definition) {
  try {
    (void)InOptions(definition);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(YamlSelector, ReadsCriteriaAsDbtDoes) {
  EXPECT_EQ(Select("score.py+"), "score.py+");
  EXPECT_EQ(Select("{tag: nightly}"), "tag:nightly");
  EXPECT_EQ(Select("{method: file, value: run.sh, children: true}"), "run.sh+");
  EXPECT_EQ(Select("{method: file, value: other.sh}"), "file:other.sh");
  EXPECT_EQ(Select("{method: path, value: scripts/a.py, parents: 1, parents_depth: 2}"),
            "2+scripts/a.py");
  EXPECT_EQ(Select("{method: tag, value: a, parents_depth: 3, childrens_parents: true}"),
            "@tag:a");
  EXPECT_EQ(Select("{method: tag, value: a, parents: yes, parents_depth: 0, "
                   "children: 'no', children_depth: '0'}"),
            "+tag:a+0");
  EXPECT_EQ(Select("{config.enabled: true}"), "config.enabled:true");
}

TEST(YamlSelector, ReadsListsAsDbtDoes) {
  EXPECT_EQ(Select("{union: [a, {tag: b}]}"), "a tag:b");
  EXPECT_EQ(Select("{intersection: [{union: [a, b]}, {union: [c, score.py]}]}"),
            "a,c a,score.py b,c b,score.py");
  EXPECT_EQ(Select("{union: [a, {exclude: [score.py+, b]}]}"), "a -score.py+ -b");
  EXPECT_EQ(Select("{method: tag, value: a, exclude: [score.py]}"), "tag:a -score.py");
  EXPECT_EQ(Select("{intersection: [a, {method: selector, value: base}, "
                   "{exclude: [score.py]}]}"),
            "a,tag:x -b -score.py");
  // dbt takes nothing else of a part that excludes.
  EXPECT_EQ(Select("{union: [a, {method: tag, value: b, exclude: [c]}]}"), "a -c");
}

TEST(YamlSelector, TellsWhatIsSaidOfTests) {
  EXPECT_THAT(InOptions("{union: [a, {tag: b}]}").indirect_selections, ElementsAre(""));
  EXPECT_THAT(
      InOptions("{method: tag, value: b, indirect_selection: empty}").indirect_selections,
      ElementsAre("empty"));
}

TEST(YamlSelector, RefusesWhatOptionsCannotSay) {
  EXPECT_EQ(Refusal("{union: [a, {method: selector, value: base}]}"),
            "it has an 'exclude' that counts for a part of a union only");
  EXPECT_EQ(Refusal("{union: [a, {exclude: [{method: selector, value: base}]}]}"),
            "it has an 'exclude' within an 'exclude'");
  EXPECT_EQ(Refusal("{method: path, value: 'a b'}"), "options cannot say 'path:a b'");
  EXPECT_EQ(Refusal("{method: tag, value: 'a,b'}"), "options cannot say 'tag:a,b'");
  EXPECT_EQ(Refusal("{method: tag, value: a+}"), "options cannot say 'tag:a+'");
  EXPECT_EQ(Refusal("{tag: 1}"), "the value of 'tag' in it is no text");
  EXPECT_EQ(Refusal("{method: selector, value: late}"),
            "no selector before it is named 'late'");
  EXPECT_EQ(Refusal("{union: [{exclude: [a]}]}"), "a list in it selects nothing");
  EXPECT_EQ(Refusal("{union: a}"), "its parts are not a list");
}

TEST(YamlSelector, KnowsTheDefaultAndAllTexts) {
  const YamlSelectors selectors =
      Selectors("{union: [score.py, {method: selector, value: base}]}");

  EXPECT_EQ(selectors.DefaultName(), "late");
  EXPECT_THAT(selectors.Texts("it"), testing::IsSupersetOf({"score.py", "tag:x", "b"}));
  EXPECT_THAT(selectors.Texts("none"), IsEmpty());
}

}  // namespace
}  // namespace aft
