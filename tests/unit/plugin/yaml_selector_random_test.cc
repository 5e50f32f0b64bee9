// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "host_shim/error.h"
#include "plugin/selection/yaml_selector.h"
#include "tests/support/random_choices.h"
#include "tests/support/selection_model.h"

namespace aft {
namespace {

namespace json = boost::json;

/// Makes definitions of selectors. What several lists exclude may be more than options
/// can say.
class Definitions {
 public:
  explicit Definitions(RandomChoices& random) : random_(random) {}

  json::value Make(int depth) {
    if (depth == 0 || random_.Chance(0.3)) return Leaf();
    json::array parts;
    for (int count = random_.Number(1, 3); count > 0; --count)
      parts.push_back(Make(depth - 1));
    if (random_.Chance(0.3)) {
      json::array excluded;
      for (int count = random_.Number(0, 2); count > 0; --count)
        excluded.push_back(Make(depth - 1));
      parts.push_back(json::object{{"exclude", excluded}});
    }
    return json::object{{random_.Chance(0.5) ? "union" : "intersection", parts}};
  }

 private:
  json::value Leaf() {
    if (random_.Chance(0.5)) return json::value(RandomCriterion(random_));
    json::object leaf = {{"method", "file"},
                         {"value", Numbered('s', random_.Number(0, 2)) + ".py"}};
    if (random_.Chance(0.5))
      leaf = {{"method", "path"},
              {"value", "models/" + Numbered('n', random_.Number(0, 6)) + ".sql"}};
    if (random_.Chance(0.1)) {
      leaf["childrens_parents"] = true;
      return leaf;
    }
    for (const char* key : {"parents", "children"}) {
      if (random_.Chance(0.4)) leaf[key] = random_.Chance(0.8);
      if (random_.Chance(0.4)) leaf[Text(key, "_depth")] = random_.Number(0, 3);
    }
    return leaf;
  }

  RandomChoices& random_;
};

/// What a definition comes to, part by part.
class Evaluation {
 public:
  explicit Evaluation(const RandomShop& shop)
      : shop_(shop), joint_(shop, true), dbt_(shop, false) {}

  struct Items {
    Ids all;
    Ids named;  ///< by criteria about scripts, at least in part
  };

  [[nodiscard]] Items Of(const json::value& part) const {
    if (part.is_string()) return OfCriterion(std::string(part.as_string()));
    const json::object& object = part.as_object();
    if (const json::value* parts = object.if_contains("union"))
      return OfList(parts->as_array(), [](const Items& items, const Items& more) {
        return Items{Either(items.all, more.all), Either(items.named, more.named)};
      });
    if (const json::value* parts = object.if_contains("intersection"))
      return OfList(parts->as_array(), [](const Items& items, const Items& more) {
        return Items{Both(items.all, more.all),
                     Either(Both(items.named, more.all), Both(items.all, more.named))};
      });
    return OfCriterion(TextOf(object));
  }

 private:
  static Ids Either(Ids some, const Ids& others) {
    some.insert(others.begin(), others.end());
    return some;
  }
  static Ids Both(const Ids& some, const Ids& others) {
    Ids both;
    for (const std::string& id : some)
      if (others.contains(id)) both.insert(id);
    return both;
  }

  /// dbt takes a depth of 0 for none.
  static std::string TextOf(const json::object& leaf) {
    const auto is_on = [&](const char* key) {
      const json::value* value = leaf.if_contains(key);
      return value != nullptr && value->as_bool();
    };
    const auto depth = [&](const char* key) {
      const json::value* value = leaf.if_contains(key);
      const bool is_none = value == nullptr || value->as_int64() == 0;
      return is_none ? "" : std::to_string(value->as_int64());
    };
    std::string text(leaf.at("value").as_string());
    if (is_on("childrens_parents")) return "@" + text;
    if (is_on("parents")) text = depth("parents_depth") + "+" + text;
    if (is_on("children")) text += "+" + depth("children_depth");
    return text;
  }

  [[nodiscard]] Items OfCriterion(const std::string& text) const {
    if (IsAboutScripts(text, shop_)) {
      const Ids found = joint_.Criterion(text);
      return {found, found};
    }
    Ids found = dbt_.Criterion(text);
    for (const GraphScript& script : shop_.scripts)
      if (found.contains(script.node)) found.insert(script.id);
    return {found, {}};
  }

  template <typename Combine>
  [[nodiscard]] Items OfList(const json::array& parts, const Combine& combine) const {
    std::optional<Items> items;
    Ids excluded;
    for (const json::value& part : parts) {
      const json::value* list =
          part.is_object() ? part.as_object().if_contains("exclude") : nullptr;
      if (list == nullptr)
        items = items ? combine(*items, Of(part)) : Of(part);
      else
        for (const json::value& one : list->as_array()) excluded.merge(Of(one).all);
    }
    for (const std::string& id : excluded) {
      items->all.erase(id);
      items->named.erase(id);
    }
    return *items;
  }

  const RandomShop& shop_;
  Model joint_;
  Model dbt_;
};

TEST(YamlSelector, MeansTheSameInOptionsForAnyDefinition) {
  int compared = 0;
  for (unsigned seed = 0; seed < 250 && !HasFailure(); ++seed) {
    RandomChoices random(seed);
    const RandomShop shop(random);
    const json::value definition = Definitions(random).Make(2);
    SCOPED_TRACE(json::serialize(definition));
    const YamlSelectors selectors(json::object{
        {"selectors", {json::object{{"name", "it"}, {"definition", definition}}}}});
    SelectorInOptions options;
    try {
      options = selectors.InOptions("it", [](const std::string&) { return true; });
    } catch (const Error&) {
      continue;
    }

    const Evaluation::Items items = Evaluation(shop).Of(definition);

    Ids nodes;
    for (const std::string& id : items.all)
      if (shop.graph.contains(id)) nodes.insert(id);
    Ids scripts;
    for (const GraphScript& script : shop.scripts)
      if (items.named.contains(script.id) ||
          (items.all.contains(script.id) && nodes.contains(script.node)))
        scripts.insert(script.id);
    ExpectSelection(shop, options.select, options.exclude, nodes, scripts);
    ++compared;
  }
  EXPECT_GT(compared, 150);
}

}  // namespace
}  // namespace aft
