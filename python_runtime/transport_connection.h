// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "plugin/warehouse/connection/batch_taker.h"
#include "plugin/warehouse/connection/connection.h"
#include "python_runtime/py_ref.h"

namespace aft::py {

/// A connection over an object of Python's, which aft/transports/transport.py describes.
/// Works without the interpreter's lock, which it takes for each call.
///
/// An exception with a `sqlstate` becomes a DatabaseError. Any other one stays Python's:
/// a PythonError leaves it set, and calls that undo work leave it as it is.
class TransportConnection final : public Connection, public BatchTaker {
 public:
  /// `result_type` is _aft.Result.
  TransportConnection(PyRef transport, PyRef result_type);
  TransportConnection(const TransportConnection&) = delete;
  TransportConnection& operator=(const TransportConnection&) = delete;
  ~TransportConnection() override;

  [[nodiscard]] std::unique_ptr<Rows> Run(std::string_view sql, const std::string& doing,
                                          Stop stop) override;
  [[nodiscard]] BatchTaker* batch_taker() override { return this; }
  void Insert(const std::string& table, const std::string& columns,
              Unique<ArrowSchema> schema, Unique<ArrowArray> batch,
              const std::string& doing) override;

 private:
  PyRef transport_;
  PyRef result_type_;
};

}  // namespace aft::py
