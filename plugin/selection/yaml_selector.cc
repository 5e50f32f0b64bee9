// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/yaml_selector.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <iterator>
#include <set>
#include <utility>

#include "host_shim/error.h"
#include "plugin/base/json_lookup.h"
#include "plugin/selection/selector.h"

namespace aft {
namespace {

namespace json = boost::json;
using Terms = std::vector<std::string>;

/// More than this are no selection that people write.
constexpr std::size_t kMostTerms = 1000;

/// A union of intersections, without what another one has.
struct Selection {
  Terms terms;
  Terms excluded;
};

const json::value* Find(const json::object& object, std::string_view key) {
  return object.if_contains(key);
}

/// What Python takes for true.
bool IsTruthy(const json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_bool()) return value->as_bool();
  if (value->is_string()) return !value->as_string().empty();
  return !value->is_int64() || value->as_int64() != 0;
}

/// The digits of a depth: dbt takes the number 0 for none, and the text "0" for no level.
std::string Depth(const json::value* value) {
  if (!IsTruthy(value)) return "";
  if (value->is_string()) return std::string(value->as_string());
  if (value->is_int64()) return std::to_string(value->as_int64());
  throw Error("a depth in it is no number");
}

/// dbt's method for a value without one. (graph/selector_spec.py: default_method)
std::string DefaultMethod(std::string value) {
  if (value.find('/') != std::string::npos) return "path";
  std::transform(value.begin(), value.end(), value.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  for (const char* ending : {".sql", ".py", ".csv"})
    if (value.ends_with(ending)) return "file";
  return "fqn";
}

void Add(Terms more, Terms& terms) {
  std::move(more.begin(), more.end(), std::back_inserter(terms));
  if (terms.size() > kMostTerms) throw Error("it is too long for that");
}

class Reader {
 public:
  using Predicate = std::function<bool(const std::string&)>;

  Reader(const json::array& selectors, const Predicate& may_name_script)
      : selectors_(selectors), may_name_script_(may_name_script) {}

  /// The selector at a place in the list, which may use those before it.
  Selection Read(std::size_t place) {
    return ReadDefinition(selectors_.at(place).at("definition"), place);
  }

  [[nodiscard]] Terms indirect_selections() const {
    return {indirect_selections_.begin(), indirect_selections_.end()};
  }

  [[nodiscard]] static std::size_t PlaceOf(const json::array& selectors,
                                           const std::string& name) {
    // A later one takes the place of an earlier one.
    for (std::size_t place = selectors.size(); place > 0; --place) {
      const json::value& selector = selectors[place - 1];
      if (StringAt(selector, {"name"}) == name &&
          ValueAt(selector, {"definition"}) != nullptr)
        return place - 1;
    }
    return selectors.size();
  }

 private:
  Selection ReadDefinition(const json::value& definition, std::size_t place) {
    if (definition.is_string()) {
      indirect_selections_.emplace();
      return {{Checked(std::string(definition.as_string()))}, {}};
    }
    if (!definition.is_object())
      throw Error("a part of it is neither text nor a mapping");
    const json::object& entry = definition.as_object();
    if (const json::value* parts = Find(entry, "union")) return Union(*parts, place);
    if (const json::value* parts = Find(entry, "intersection"))
      return Intersection(*parts, place);
    if (StringAt(entry, "method") == "selector")
      return Read(Earlier(StringAt(entry, "value"), place));
    Selection selection{{CriterionOf(entry)}, {}};
    if (const json::value* excluded = Find(entry, "exclude");
        excluded && entry.size() > 1)
      Exclude(*excluded, place, selection);
    return selection;
  }

  [[nodiscard]] std::size_t Earlier(const std::string& name, std::size_t place) const {
    const json::array earlier(selectors_.begin(),
                              selectors_.begin() + static_cast<std::ptrdiff_t>(place));
    const std::size_t found = PlaceOf(earlier, name);
    if (found == place) throw Error(Text("no selector before it is named '", name, "'"));
    return found;
  }

  /// The parts of a list, and apart from them the `exclude` among them.
  std::pair<std::vector<Selection>, const json::value*> PartsOf(const json::value& list,
                                                                std::size_t place) {
    if (!list.is_array()) throw Error("its parts are not a list");
    std::pair<std::vector<Selection>, const json::value*> parts{{}, nullptr};
    for (const json::value& part : list.as_array()) {
      // dbt takes nothing else of such a part.
      const json::value* excluded =
          part.is_object() ? Find(part.as_object(), "exclude") : nullptr;
      if (excluded == nullptr)
        parts.first.push_back(ReadDefinition(part, place));
      else if (std::exchange(parts.second, excluded) != nullptr)
        throw Error("it has several 'exclude' in one list");
    }
    if (parts.first.empty()) throw Error("a list in it selects nothing");
    return parts;
  }

  Selection Union(const json::value& list, std::size_t place) {
    auto [parts, excluded] = PartsOf(list, place);
    Selection all = std::move(parts.front());
    for (std::size_t at = 1; at < parts.size(); ++at) {
      if (parts[at].excluded != all.excluded)
        throw Error("it has an 'exclude' that counts for a part of a union only");
      Add(std::move(parts[at].terms), all.terms);
    }
    if (excluded != nullptr) Exclude(*excluded, place, all);
    return all;
  }

  Selection Intersection(const json::value& list, std::size_t place) {
    auto [parts, excluded] = PartsOf(list, place);
    Selection common = std::move(parts.front());
    for (std::size_t at = 1; at < parts.size(); ++at) {
      Terms products;
      for (const std::string& term : common.terms) {
        Terms longer;
        for (const std::string& other : parts[at].terms)
          longer.push_back(Text(term, ",", other));
        Add(std::move(longer), products);
      }
      common.terms = std::move(products);
      Add(std::move(parts[at].excluded), common.excluded);
    }
    if (excluded != nullptr) Exclude(*excluded, place, common);
    return common;
  }

  void Exclude(const json::value& list, std::size_t place, Selection& selection) {
    if (!list.is_array()) throw Error("its 'exclude' is not a list");
    for (const json::value& part : list.as_array()) {
      Selection excluded = ReadDefinition(part, place);
      if (!excluded.excluded.empty())
        throw Error("it has an 'exclude' within an 'exclude'");
      Add(std::move(excluded.terms), selection.excluded);
    }
  }

  std::string CriterionOf(const json::object& entry) {
    const bool is_short = entry.size() == 1;
    const std::string method =
        is_short ? std::string(entry.begin()->key()) : StringAt(entry, "method");
    const json::value* value = is_short ? &entry.begin()->value() : Find(entry, "value");
    if (method.empty() || value == nullptr)
      throw Error("a part of it has no 'method' or no 'value'");
    const std::string core = CoreOf(method, *value);
    std::string text;
    if (IsTruthy(Find(entry, "childrens_parents"))) text += "@";
    if (IsTruthy(Find(entry, "parents")))
      text += Depth(Find(entry, "parents_depth")) + "+";
    text += core;
    if (IsTruthy(Find(entry, "children")))
      text += "+" + Depth(Find(entry, "children_depth"));
    indirect_selections_.insert(StringAt(entry, "indirect_selection"));
    return Checked(text, core);
  }

  /// A script needs no method.
  [[nodiscard]] std::string CoreOf(const std::string& method,
                                   const json::value& value) const {
    if (value.is_bool() && method.starts_with("config."))
      return Text(method, value.as_bool() ? ":true" : ":false");
    if (!value.is_string())
      throw Error(Text("the value of '", method, "' in it is no text"));
    std::string text(value.as_string());
    const bool may_be_script = method == "file" || method == "path";
    if (may_be_script && (DefaultMethod(text) == method || may_name_script_(text)))
      return text;
    return Text(method, ":", text);
  }

  /// `text`, if the command line reads it as one criterion about `core`.
  static std::string Checked(const std::string& text, const std::string& core = "") {
    const Selector read = ParseSelector({text});
    const bool is_one = read.size() == 1 && read.front().size() == 1;
    if (!is_one || read.front().front().core.empty() ||
        (!core.empty() && read.front().front().core != core))
      throw Error(Text("options cannot say '", text, "'"));
    return text;
  }

  const json::array& selectors_;
  const Predicate& may_name_script_;
  std::set<std::string> indirect_selections_;
};

const json::array& ListIn(const json::value& document) {
  static const json::array kNone;
  const json::value* list = ValueAt(document, {"selectors"});
  return list != nullptr && list->is_array() ? list->as_array() : kNone;
}

void AddTexts(const json::value& value, const json::array& selectors,
              std::set<std::string>& named, Terms& texts) {
  if (value.is_string()) texts.emplace_back(value.as_string());
  if (value.is_array())
    for (const json::value& entry : value.as_array())
      AddTexts(entry, selectors, named, texts);
  if (!value.is_object()) return;
  const std::string other = StringAt(value, {"value"});
  const bool is_new =
      StringAt(value, {"method"}) == "selector" && named.insert(other).second;
  if (const std::size_t place = Reader::PlaceOf(selectors, other);
      is_new && place < selectors.size())
    AddTexts(selectors[place].at("definition"), selectors, named, texts);
  for (const auto& [key, entry] : value.as_object())
    AddTexts(entry, selectors, named, texts);
}

}  // namespace

YamlSelectors::YamlSelectors(json::value document) : document_(std::move(document)) {}

std::string YamlSelectors::DefaultName() const {
  for (const json::value& selector : ListIn(document_)) {
    const json::value* is_default = ValueAt(selector, {"default"});
    if (is_default != nullptr && is_default->is_bool() && is_default->as_bool())
      return StringAt(selector, {"name"});
  }
  return "";
}

Terms YamlSelectors::Texts(const std::string& name) const {
  Terms texts;
  std::set<std::string> named = {name};
  const json::array& selectors = ListIn(document_);
  if (const std::size_t place = Reader::PlaceOf(selectors, name);
      place < selectors.size())
    AddTexts(selectors[place].at("definition"), selectors, named, texts);
  return texts;
}

SelectorInOptions YamlSelectors::InOptions(
    const std::string& name,
    const std::function<bool(const std::string&)>& may_name_script) const {
  const json::array& selectors = ListIn(document_);
  const std::size_t place = Reader::PlaceOf(selectors, name);
  if (place == selectors.size()) throw Error("there is none of this name");
  Reader reader(selectors, may_name_script);
  Selection selection = reader.Read(place);
  return {std::move(selection.terms), std::move(selection.excluded),
          reader.indirect_selections()};
}

}  // namespace aft
