// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/open_warehouse.h"

#include <utility>

#include "plugin/warehouse/dialects/list.h"
#include "plugin/warehouse/odbc/connection.h"
#include "python_runtime/py_border.h"
#include "python_runtime/transport_connection.h"

namespace aft::py {

std::unique_ptr<Warehouse> OpenWarehouse(const std::string& connection_string,
                                         std::chrono::seconds longest_silence) {
  const WithoutLock unlocked;
  auto opened = std::make_unique<odbc::Connection>(connection_string, longest_silence);
  auto warehouse = std::make_unique<Warehouse>();
  warehouse->dialect = MakeDialect(*opened);
  warehouse->dbms_name = opened->InfoText(SQL_DBMS_NAME);
  warehouse->connection = std::move(opened);
  return warehouse;
}

std::unique_ptr<Warehouse> WarehouseOver(PyObject* transport, PyRef result_type) {
  const PyRef name = Checked(PyObject_GetAttrString(transport, "dbms_name"));
  auto warehouse = std::make_unique<Warehouse>();
  warehouse->dbms_name = AsText(name.get(), "dbms_name");
  warehouse->dialect = MakeDialect(warehouse->dbms_name);
  warehouse->connection = std::make_unique<TransportConnection>(PyRef::Borrow(transport),
                                                                std::move(result_type));
  return warehouse;
}

}  // namespace aft::py
