// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <string>

#include "plugin/warehouse/odbc/connection.h"
#include "plugin/warehouse/odbc/library.h"
#include "python_runtime/connection_type.h"
#include "python_runtime/fork_into_group.h"
#include "python_runtime/py_border.h"
#include "python_runtime/result_type.h"

/// The extension module aft._aft: the warehouse as Python calls it.
namespace aft::py {
namespace {

PyObject* DieWithParent(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"parent", nullptr};
    int parent = 0;
    ParseArguments(arguments, keywords, "|i:die_with_parent", kNames, &parent);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
      PyErr_SetFromErrno(PyExc_OSError);
      throw PythonError();
    }
    // A parent that had died before sends nothing any more.
    if (parent != 0 && ::getppid() != parent) ::raise(SIGKILL);
    return None();
  });
}

PyRef AsDictionary(const std::map<std::string, std::string>& texts) {
  PyRef dictionary = Checked(PyDict_New());
  for (const auto& [name, text] : texts) {
    const PyRef value = FromText(text);
    if (PyDict_SetItem(dictionary.get(), FromText(name).get(), value.get()) != 0)
      throw PythonError();
  }
  return dictionary;
}

PyObject* Drivers(PyObject* self, PyObject*) {
  return Guard(self, [&] { return AsDictionary(odbc::Environment().drivers()); });
}

PyObject* DataSources(PyObject* self, PyObject*) {
  return Guard(self, [&] { return AsDictionary(odbc::Environment().data_sources()); });
}

PyObject* LoadOdbc(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    odbc::LoadLibrary();
    return None();
  });
}

PyObject* ForkIntoGroup(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"group", nullptr};
    int group = -1;
    ParseArguments(arguments, keywords, "i:fork_into_group", kNames, &group);
    PyOS_BeforeFork();
    const pid_t process = aft::ForkIntoGroup(group);
    const int error = errno;
    if (process == 0)
      PyOS_AfterFork_Child();
    else
      PyOS_AfterFork_Parent();
    if (process < 0) {
      errno = error;
      PyErr_SetFromErrno(PyExc_OSError);
      throw PythonError();
    }
    return Checked(PyLong_FromLong(process));
  });
}

PyRef MakeError() {
  const PyRef attributes = Checked(
      Py_BuildValue("{s:O,s:O,s:O,s:O,s:O}", "sqlstate", Py_None, "native_code", Py_None,
                    "function", Py_None, "commit", Py_None, "misfit", Py_None));
  return Checked(PyErr_NewExceptionWithDoc(
      "aft._aft.Error", "What the warehouse refused. str() is the whole message.",
      PyExc_Exception, attributes.get()));
}

void Add(PyObject* owner, const char* name, const PyRef& value) {
  if (PyObject_SetAttrString(owner, name, value.get()) != 0) throw PythonError();
}

int Fill(PyObject* module) {
  try {
    const PyRef error = MakeError();
    const PyRef result = MakeResultType();
    const PyRef connection = MakeConnectionType();
    // Methods find the classes there, so that the module needs no state of its own.
    Add(result.get(), "Error", error);
    Add(connection.get(), "Error", error);
    Add(connection.get(), "Result", result);
    Add(module, "Error", error);
    Add(module, "Result", result);
    Add(module, "Connection", connection);
    return 0;
  } catch (const std::exception&) {
    if (PyErr_Occurred() == nullptr) PyErr_NoMemory();
    return -1;
  }
}

}  // namespace
}  // namespace aft::py

// NOLINTBEGIN(bugprone-reserved-identifier): Python asks for this name.
PyMODINIT_FUNC PyInit__aft();

PyMODINIT_FUNC PyInit__aft() {
  using aft::py::AsMethod;
  static std::array<PyMethodDef, 6> functions = {{
      {"data_sources", &aft::py::DataSources, METH_NOARGS,
       "The data sources that unixODBC knows, and the driver of each."},
      {"die_with_parent", AsMethod(&aft::py::DieWithParent), METH_VARARGS | METH_KEYWORDS,
       "Have this process killed when its parent ends; at once if it isn't `parent`."},
      {"drivers", &aft::py::Drivers, METH_NOARGS,
       "The drivers that unixODBC knows, and the file of each."},
      {"fork_into_group", AsMethod(&aft::py::ForkIntoGroup), METH_VARARGS | METH_KEYWORDS,
       "Fork as os.fork() does, into the control group that a descriptor is of."},
      {"load_odbc", &aft::py::LoadOdbc, METH_NOARGS,
       "Load unixODBC, or raise Error that says what to install."},
      {nullptr, nullptr, 0, nullptr},
  }};
  static std::array<PyModuleDef_Slot, 2> slots = {{
      {Py_mod_exec, reinterpret_cast<void*>(&aft::py::Fill)},
      {0, nullptr},
  }};
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                   "aft._aft",
                                   "A warehouse over ODBC, frames as Arrow streams.",
                                   0,
                                   functions.data(),
                                   slots.data(),
                                   nullptr,
                                   nullptr,
                                   nullptr};
  return PyModuleDef_Init(&definition);
}
// NOLINTEND(bugprone-reserved-identifier)
