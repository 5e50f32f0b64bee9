// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace aft {

/// A table or view by the parts of its name. A part whose quote flag is off is written
/// bare if it is a plain word, so that the database may fold its case.
struct Relation {
  std::string database;
  std::string schema;
  std::string identifier;
  bool quote_database = true;
  bool quote_schema = true;
  bool quote_identifier = true;
};

/// The relation's name in messages, as 'main.orders'.
std::string Describe(const Relation& relation);

/// One of that name in the relation's schema.
Relation Beside(const Relation& relation, const std::string& identifier);

enum class RelationKind { kMissing, kTable, kView, kMaterializedView };

}  // namespace aft
