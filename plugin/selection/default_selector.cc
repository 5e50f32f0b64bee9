// SPDX-License-Identifier: Apache-2.0
#include "plugin/selection/default_selector.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "plugin/base/text_file.h"

namespace aft {
namespace {

bool MayBeDefault(const YAML::Node& selector) {
  if (!selector.IsMap()) return false;
  const YAML::Node value = selector["default"];
  return value && value.as<bool>(true);
}

}  // namespace

bool MayHaveDefaultSelector(const std::filesystem::path& folder) {
  try {
    const YAML::Node document = YAML::Load(ReadText(folder / "selectors.yml"));
    if (!document.IsMap()) return false;
    const YAML::Node selectors = document["selectors"];
    return selectors.IsDefined() && selectors.IsSequence() &&
           std::any_of(selectors.begin(), selectors.end(), MayBeDefault);
  } catch (const YAML::Exception&) {
    return true;
  }
}

}  // namespace aft
