// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/py_border.h"

#include <string_view>

#include "plugin/warehouse/connection/database_error.h"
#include "plugin/warehouse/write/frame_cell.h"
#include "plugin/warehouse/write/write_outcome.h"

namespace aft::py {

void SetError(PyObject* owner, const Error& error) {
  const PyRef type = PyRef::Steal(PyObject_GetAttrString(owner, "Error"));
  if (!type) return;
  const std::string_view text = error.what();
  const PyRef message = PyRef::Steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  if (!message) return;
  const PyRef value =
      PyRef::Steal(PyObject_CallFunctionObjArgs(type.get(), message.get(), nullptr));
  if (!value) return;
  if (const auto* database_error = dynamic_cast<const DatabaseError*>(&error)) {
    const PyRef state =
        PyRef::Steal(PyUnicode_FromString(database_error->sqlstate().c_str()));
    const PyRef code = PyRef::Steal(PyLong_FromLong(database_error->native_code()));
    const PyRef function =
        PyRef::Steal(PyUnicode_FromString(database_error->function().c_str()));
    if (!state || !code || !function ||
        PyObject_SetAttrString(value.get(), "sqlstate", state.get()) != 0 ||
        PyObject_SetAttrString(value.get(), "native_code", code.get()) != 0 ||
        PyObject_SetAttrString(value.get(), "function", function.get()) != 0) {
      return;
    }
  }
  if (const auto* commit_error = dynamic_cast<const CommitError*>(&error)) {
    const WriteOutcome& outcome = commit_error->outcome();
    const PyRef id = PyRef::Steal(Py_BuildValue(
        "(sLL)", commit_error->transaction_id().c_str(),
        static_cast<long long>(outcome.rows), static_cast<long long>(outcome.bytes)));
    if (!id || PyObject_SetAttrString(value.get(), "commit", id.get()) != 0) return;
  }
  if (const auto* misfit = dynamic_cast<const MisfitError*>(&error)) {
    const std::string& column = misfit->column();
    const PyRef name = PyRef::Steal(PyUnicode_DecodeUTF8(
        column.data(), static_cast<Py_ssize_t>(column.size()), "replace"));
    if (!name || PyObject_SetAttrString(value.get(), "misfit", name.get()) != 0) return;
  }
  PyErr_SetObject(type.get(), value.get());
}

PyRef None() { return PyRef::Borrow(Py_None); }

PyRef FromText(const std::string& text) {
  return Checked(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

std::string AsText(PyObject* object, const char* what) {
  if (PyUnicode_Check(object) == 0) {
    PyErr_Format(PyExc_TypeError, "%s must be a str", what);
    throw PythonError();
  }
  const PyRef bytes = Checked(PyUnicode_AsUTF8String(object));
  char* text = nullptr;
  Py_ssize_t length = 0;
  if (PyBytes_AsStringAndSize(bytes.get(), &text, &length) != 0) throw PythonError();
  return {text, static_cast<size_t>(length)};
}

PyRef Allocate(PyTypeObject* type) {
  auto* const allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  return Checked(allocate(type, 0));
}

void Deallocate(PyObject* object) {
  PyTypeObject* const type = Py_TYPE(object);
  auto* const deallocate = reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free));
  deallocate(object);
  // Instances of a heap type hold a reference to it.
  Py_DECREF(reinterpret_cast<PyObject*>(type));
}

}  // namespace aft::py
