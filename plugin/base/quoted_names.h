// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "host_shim/error.h"

namespace aft {

/// "'a', 'b'"
inline std::string QuotedNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += Text(text.empty() ? "'" : ", '", name, "'");
  return text;
}

}  // namespace aft
