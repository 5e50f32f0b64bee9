// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/project/schema_files.h"

namespace YAML {
class Node;
}  // namespace YAML

namespace aft {

/// Adds what `document` says of scripts to `found`. `file` is its name for people.
void FindYamlBindings(const YAML::Node& document, const std::string& file,
                      ExpectedScripts& found);

}  // namespace aft
