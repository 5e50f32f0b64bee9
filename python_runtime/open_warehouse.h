// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/connection/connection.h"
#include "plugin/warehouse/dialects/dialect.h"
#include "python_runtime/py_ref.h"

namespace aft::py {

/// A connection with the dialect of its database.
struct Warehouse {
  std::string dbms_name;
  std::unique_ptr<Dialect> dialect;
  std::unique_ptr<Connection> connection;
  /// Of the last write.
  std::vector<std::string> notices{};  // NOLINT(readability-redundant-member-init)
};

/// Opens one over ODBC; without the interpreter's lock meanwhile.
std::unique_ptr<Warehouse> OpenWarehouse(const std::string& connection_string,
                                         std::chrono::seconds longest_silence);
/// One over a transport; `result_type` is _aft.Result.
std::unique_ptr<Warehouse> WarehouseOver(PyObject* transport, PyRef result_type);

}  // namespace aft::py
