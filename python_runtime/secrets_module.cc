// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include "plugin/secrets/address_password.h"
#include "plugin/secrets/secret_name.h"
#include "plugin/secrets/secrets.h"
#include "python_runtime/py_border.h"

/// The extension module aft._secrets: the plugin's masker as Python calls it. A module of
/// its own because it also has to work where ODBC is missing.
namespace aft::py {
namespace {

template <typename Take>
void ForEachText(PyObject* texts, const char* what, const Take& take) {
  const PyRef iterator = Checked(PyObject_GetIter(texts));
  while (PyObject* const next = PyIter_Next(iterator.get())) {
    const PyRef text = PyRef::Steal(next);
    take(AsText(text.get(), what));
  }
  if (PyErr_Occurred() != nullptr) throw PythonError();
}

PyObject* IsSecretName(PyObject* self, PyObject* name) {
  return Guard(self, [&] {
    return Checked(PyBool_FromLong(aft::IsSecretName(AsText(name, "name")) ? 1 : 0));
  });
}

PyObject* Masked(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"text", "secrets", "names", nullptr};
    PyObject* text = nullptr;
    PyObject* texts = nullptr;
    PyObject* names = nullptr;
    ParseArguments(arguments, keywords, "OOO:masked", kNames, &text, &texts, &names);
    Secrets secrets;
    ForEachText(texts, "a secret", [&](const std::string& one) { secrets.Add(one); });
    ForEachText(names, "a name", [&](const std::string& one) { secrets.AddName(one); });
    return FromText(secrets.Masked(AsText(text, "text")));
  });
}

PyObject* Addresses(PyObject* self, PyObject* argument) {
  return Guard(self, [&] {
    const std::string text = AsText(argument, "text");
    PyRef list = Checked(PyList_New(0));
    for (AddressPassword found = FindAddressPassword(text, 0);
         found.begin != std::string::npos; found = FindAddressPassword(text, found.end)) {
      const std::string user = text.substr(found.user, found.begin - 1 - found.user);
      const std::string password = text.substr(found.begin, found.end - found.begin);
      const PyRef pair =
          Checked(PyTuple_Pack(2, FromText(user).get(), FromText(password).get()));
      if (PyList_Append(list.get(), pair.get()) != 0) throw PythonError();
    }
    return list;
  });
}

}  // namespace
}  // namespace aft::py

// NOLINTBEGIN(bugprone-reserved-identifier): Python asks for this name.
PyMODINIT_FUNC PyInit__secrets();

PyMODINIT_FUNC PyInit__secrets() {
  using aft::py::AsMethod;
  static std::array<PyMethodDef, 4> functions = {{
      {"is_secret_name", &aft::py::IsSecretName, METH_O,
       "Whether a setting of this name holds a secret."},
      {"addresses", &aft::py::Addresses, METH_O,
       "The users and passwords of the addresses in a text, as pairs."},
      {"masked", AsMethod(&aft::py::Masked), METH_VARARGS | METH_KEYWORDS,
       "The text with the secrets masked, those that are names too only in place."},
      {nullptr, nullptr, 0, nullptr},
  }};
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                   "aft._secrets",
                                   "What is secret, and how it is masked.",
                                   0,
                                   functions.data(),
                                   nullptr,
                                   nullptr,
                                   nullptr,
                                   nullptr};
  return PyModuleDef_Init(&definition);
}
// NOLINTEND(bugprone-reserved-identifier)
