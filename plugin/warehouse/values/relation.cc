// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/relation.h"

#include "host_shim/error.h"

namespace aft {

std::string Describe(const Relation& relation) {
  if (relation.schema.empty()) return Text("'", relation.identifier, "'");
  return Text("'", relation.schema, ".", relation.identifier, "'");
}

}  // namespace aft
