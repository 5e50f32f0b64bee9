// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/project/table_name.h"

namespace aft {

/// An ephemeral model with scripts. Its SQL stands for the table that they write, or is a
/// query like any other.
struct Placeholder {
  std::string node;  ///< unique id
  std::string name;
  std::string file;           ///< that defines it
  std::string compiled_file;  ///< dbt's compiled SQL of it, relative to the target folder
  TableName table;            ///< that its scripts write
  NameFolding folding = NameFolding::kIgnored;
  /// Its SQL, where the manifest alone tells which tables that reads.
  std::optional<std::string> sql;
  bool may_leave_table = false;  ///< `writes: optional`
};

/// The nodes of the manifest `root` with these unique ids, which are ephemeral models.
std::vector<Placeholder> ReadPlaceholders(const boost::json::object& root,
                                          const std::vector<std::string>& ids);

/// The ephemeral models of `package` in the manifest `root` that say `{{ this }}` for a
/// table and are not among `bound`: no script of this project writes it.
std::vector<Placeholder> ReadUnscripted(const boost::json::object& root,
                                        const std::string& package,
                                        const std::set<std::string>& bound);

/// What the scripts of a model did in this run.
struct TableWrites {
  bool has_written = false;      ///< the model's table
  bool can_write = false;        ///< the text of some script may write it
  std::optional<bool> is_there;  ///< whether there is such a table, where it is known
};

/// Both are a sentence, or empty.
struct PlaceholderVerdict {
  std::string problem;  ///< why nothing may be built on the model
  std::string warning;
};

/// Whether what dbt builds on `placeholder`, whose SQL is `sql`, gets what its scripts
/// have written in this run.
PlaceholderVerdict Judge(const Placeholder& placeholder, const std::string& sql,
                         const TableWrites& writes);

}  // namespace aft
