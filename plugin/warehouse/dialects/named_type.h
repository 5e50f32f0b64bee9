// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "plugin/warehouse/dialects/column_type.h"

namespace aft {

/// What a database's name of a type alone tells of it.
struct NamedType {
  std::string_view name;
  ColumnKind kind;
  int bits = 64;
  /// In bytes; 0 where it is declared or as good as unlimited.
  int64_t length = 0;
};

/// The type of that name, or null.
inline const NamedType* FindType(std::span<const NamedType> types,
                                 std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(), [&](const NamedType& type) {
    return type.name == name;
  });
  return found == types.end() ? nullptr : &*found;
}

}  // namespace aft
