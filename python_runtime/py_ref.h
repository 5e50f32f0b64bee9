// SPDX-License-Identifier: Apache-2.0
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <exception>
#include <utility>

/// Owners for what Python lends: references and the interpreter's lock.
namespace aft::py {

/// Owns one reference. Needs the interpreter's lock, also to be destroyed.
class PyRef {
 public:
  PyRef() = default;
  /// Takes over a new reference, or nothing.
  static PyRef Steal(PyObject* object) { return PyRef(object); }
  /// Adds a reference to one that another owns.
  static PyRef Borrow(PyObject* object) {
    Py_XINCREF(object);
    return PyRef(object);
  }
  PyRef(PyRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    if (this != &other) {
      PyObject* const old = std::exchange(object_, std::exchange(other.object_, nullptr));
      Py_XDECREF(old);
    }
    return *this;
  }
  PyRef(const PyRef&) = delete;
  PyRef& operator=(const PyRef&) = delete;
  ~PyRef() { Py_XDECREF(object_); }

  [[nodiscard]] PyObject* get() const { return object_; }
  [[nodiscard]] PyObject* Release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  explicit PyRef(PyObject* object) : object_(object) {}

  PyObject* object_ = nullptr;
};

/// A Python exception is set; the C++ code below a Python function unwinds.
class PythonError : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override {
    return "a Python exception is set";
  }
};

/// Gives a new reference to the caller, or throws what Python has set.
inline PyRef Checked(PyObject* object) {
  if (object == nullptr) throw PythonError();
  return PyRef::Steal(object);
}

/// Other Python threads run while this is alive.
class WithoutLock {
 public:
  WithoutLock() : state_(PyEval_SaveThread()) {}
  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;
  ~WithoutLock() { PyEval_RestoreThread(state_); }

 private:
  PyThreadState* state_;
};

/// Python may be called while this is alive, from any thread, whether it had the lock
/// before or not.
class WithLock {
 public:
  WithLock() : state_(PyGILState_Ensure()) {}
  WithLock(const WithLock&) = delete;
  WithLock& operator=(const WithLock&) = delete;
  ~WithLock() { PyGILState_Release(state_); }

 private:
  PyGILState_STATE state_;
};

}  // namespace aft::py
