// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/transport_connection.h"

#include <optional>
#include <utility>
#include <vector>

#include "plugin/warehouse/arrow/arrow_stream.h"
#include "plugin/warehouse/connection/database_error.h"
#include "python_runtime/py_border.h"
#include "python_runtime/result_type.h"

namespace aft::py {
namespace {

/// The exception that Python has set, if any, which is taken from it.
class Raised {
 public:
  Raised() {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    type_ = PyRef::Steal(type);
    value_ = PyRef::Steal(value);
    traceback_ = PyRef::Steal(traceback);
  }

  [[nodiscard]] const PyRef& value() const { return value_; }
  void SetAgain() {
    if (!type_) return;
    PyErr_Restore(type_.Release(), value_.Release(), traceback_.Release());
  }

 private:
  PyRef type_;
  PyRef value_;
  PyRef traceback_;
};

/// Holds Python's lock, and an exception that is on its way out meanwhile.
class Call {
 public:
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { raised_.SetAgain(); }

 private:
  WithLock lock_;
  Raised raised_;
};

/// Throws what Python has raised.
[[noreturn]] void Throw(const std::string& doing) {
  Raised raised;
  PyObject* const value = raised.value().get();
  const PyRef state = PyRef::Steal(PyObject_GetAttrString(value, "sqlstate"));
  if (!state || PyUnicode_Check(state.get()) == 0) {
    PyErr_Clear();
    raised.SetAgain();
    throw PythonError();
  }
  const PyRef text = Checked(PyObject_Str(value));
  const PyRef function = Checked(PyObject_GetAttrString(value, "function"));
  throw DatabaseError(doing, AsText(function.get(), "function"),
                      {{AsText(state.get(), "sqlstate"), 0, AsText(text.get(), "str()")}},
                      "");
}

using Row = std::vector<std::optional<std::string>>;

class FetchedRows final : public Rows {
 public:
  FetchedRows(bool has_columns, std::vector<Row> rows, int64_t count)
      : has_columns_(has_columns), rows_(std::move(rows)), count_(count) {}

  [[nodiscard]] bool HasColumns() override { return has_columns_; }
  [[nodiscard]] bool Fetch() override { return next_++ < rows_.size(); }
  [[nodiscard]] std::optional<std::string> Text(unsigned short number) override {
    return rows_.at(next_ - 1).at(number - 1U);
  }
  [[nodiscard]] int64_t RowCount() override { return count_; }

 private:
  bool has_columns_;
  std::vector<Row> rows_;
  int64_t count_;
  size_t next_ = 0;
};

Row ReadRow(PyObject* tuple) {
  Row row;
  const Py_ssize_t size = PyTuple_Size(tuple);
  if (size < 0) throw PythonError();
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject* const value = PyTuple_GetItem(tuple, i);
    row.push_back(value == Py_None ? std::nullopt
                                   : std::optional(AsText(value, "value")));
  }
  return row;
}

std::vector<Row> ReadRows(PyObject* list) {
  std::vector<Row> rows;
  const Py_ssize_t size = PyList_Size(list);
  if (size < 0) throw PythonError();
  rows.reserve(static_cast<size_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) rows.push_back(ReadRow(PyList_GetItem(list, i)));
  return rows;
}

/// One batch.
class OneBatch final : public BatchSource {
 public:
  OneBatch(Unique<ArrowSchema> schema, Unique<ArrowArray> batch)
      : schema_(std::move(schema)), batch_(std::move(batch)) {}

  Unique<ArrowSchema> Schema() override { return std::move(schema_); }
  Unique<ArrowArray> Next() override { return std::move(batch_); }

 private:
  Unique<ArrowSchema> schema_;
  Unique<ArrowArray> batch_;
};

}  // namespace

TransportConnection::TransportConnection(PyRef transport, PyRef result_type)
    : transport_(std::move(transport)), result_type_(std::move(result_type)) {}

TransportConnection::~TransportConnection() {
  const WithLock lock;
  transport_ = PyRef();
  result_type_ = PyRef();
}

std::unique_ptr<Rows> TransportConnection::Run(std::string_view sql,
                                               const std::string& doing, Stop stop) {
  const Call call;
  const PyRef text = FromText(std::string(sql));
  const PyRef may_stop = PyRef::Borrow(stop == Stop::kOnCancel ? Py_True : Py_False);
  const PyRef method = Checked(PyObject_GetAttrString(transport_.get(), "run"));
  const PyRef answer = PyRef::Steal(
      PyObject_CallFunctionObjArgs(method.get(), text.get(), may_stop.get(), nullptr));
  if (!answer) Throw(doing);
  PyObject* rows = nullptr;
  long long count = -1;
  if (PyArg_ParseTuple(answer.get(), "OL", &rows, &count) == 0) throw PythonError();
  const bool has_rows = rows != Py_None;
  return std::make_unique<FetchedRows>(
      has_rows, has_rows ? ReadRows(rows) : std::vector<Row>(), count);
}

void TransportConnection::Insert(const std::string& table, const std::string& columns,
                                 Unique<ArrowSchema> schema, Unique<ArrowArray> batch,
                                 const std::string& doing) {
  const Call call;
  const PyRef stream =
      MakeResult(result_type_.get(),
                 std::make_unique<OneBatch>(std::move(schema), std::move(batch)));
  const PyRef method = Checked(PyObject_GetAttrString(transport_.get(), "insert"));
  const PyRef done = PyRef::Steal(
      PyObject_CallFunctionObjArgs(method.get(), FromText(table).get(),
                                   FromText(columns).get(), stream.get(), nullptr));
  if (!done) Throw(doing);
}

}  // namespace aft::py
