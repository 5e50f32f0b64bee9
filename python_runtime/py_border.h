// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <new>
#include <string>

#include "host_shim/error.h"
#include "python_runtime/py_ref.h"

/// The border to Python, where C++ exceptions become Python's.
namespace aft::py {

/// Raises the class `Error` that `owner` has as an attribute.
void SetError(PyObject* owner, const Error& error);

/// Runs `work` for a function that Python calls. What it returns is a new reference; what
/// it throws is raised, unless an exception of Python's own is behind it.
template <typename Work>
PyObject* Guard(PyObject* owner, const Work& work) noexcept {
  try {
    return work().Release();
  } catch (const PythonError&) {
    return nullptr;
  } catch (const Error& error) {
    // A signal's handler that has raised meanwhile says more.
    if (PyErr_Occurred() == nullptr && Py_MakePendingCalls() == 0) SetError(owner, error);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "an unknown C++ exception");
  }
  return nullptr;
}

PyRef None();
PyRef FromText(const std::string& text);
/// The text of a str; `what` names it in the TypeError for anything else.
std::string AsText(PyObject* object, const char* what);

/// Memory for an object of a heap type, and back.
PyRef Allocate(PyTypeObject* type);
void Deallocate(PyObject* object);

/// PyArg_ParseTupleAndKeywords(), which throws.
template <typename... Outputs>
void ParseArguments(PyObject* arguments, PyObject* keywords, const char* format,
                    const char* const* names, Outputs... outputs) {
  // Python's prototype takes names to non-const although it only reads.
  if (PyArg_ParseTupleAndKeywords(arguments, keywords, format, const_cast<char**>(names),
                                  outputs...) == 0) {
    throw PythonError();
  }
}

/// A function with keyword arguments as a method table takes it.
template <typename Function>
PyCFunction AsMethod(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace aft::py
