// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/sinks.h"

#include <utility>

#include "host_shim/error.h"
#include "plugin/warehouse/write/array_columns.h"
#include "plugin/warehouse/write/parameter_rows.h"

namespace aft {

std::unique_ptr<RowSink> MakeSink(Connection& connection, const Dialect& dialect,
                                  const Relation& relation,
                                  std::vector<FittedColumn> columns, bool takes_arrays,
                                  const std::function<void()>& make_again,
                                  const std::string& doing) {
  const std::string table = dialect.Name(relation);
  if (takes_arrays) {
    std::vector<ArraySource> sources;
    for (FittedColumn& column : columns) {
      const std::string target = dialect.Quote(column.target().name);
      sources.push_back({ArrayEncoder(std::move(column)), target});
    }
    return std::make_unique<ArrayColumns>(connection.odbc(), table, std::move(sources),
                                          make_again, doing);
  }
  const ParameterStyle style = dialect.Parameters();
  std::vector<WriteColumn> write_columns;
  std::string names;
  std::string markers;
  for (FittedColumn& column : columns) {
    names += (names.empty() ? "" : ", ") + dialect.Quote(column.target().name);
    markers += markers.empty() ? "?" : ", ?";
    write_columns.emplace_back(std::move(column), style);
  }
  return std::make_unique<ParameterRows>(
      connection.odbc(), dialect, dialect.Limits(connection, relation),
      Text(style.insert_into, table, " (", names, ") VALUES (", markers, ")"),
      std::move(write_columns), doing);
}

}  // namespace aft
