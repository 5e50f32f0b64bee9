// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/relation.h"

#include "host_shim/error.h"

namespace aft {

std::string Describe(const Relation& relation) {
  if (relation.schema.empty()) return Text("'", relation.identifier, "'");
  return Text("'", relation.schema, ".", relation.identifier, "'");
}

Relation Beside(const Relation& relation, const std::string& identifier) {
  Relation beside = relation;
  beside.identifier = identifier;
  beside.quote_identifier = true;
  return beside;
}

}  // namespace aft
