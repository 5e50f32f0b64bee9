// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/requests.h"

#include <sqlext.h>

#include <cstdint>
#include <map>
#include <string_view>
#include <variant>
#include <vector>

#include "python_runtime/py_border.h"

namespace aft::py {
namespace {

PyRef Item(PyObject* dictionary, const char* key) {
  const PyRef name = Checked(PyUnicode_FromString(key));
  return Checked(PyObject_GetItem(dictionary, name.get()));
}

std::string TextItem(PyObject* dictionary, const char* key) {
  const PyRef value = Item(dictionary, key);
  return value.get() == Py_None ? "" : AsText(value.get(), key);
}

bool FlagItem(PyObject* dictionary, const char* key) {
  const int truth = PyObject_IsTrue(Item(dictionary, key).get());
  if (truth < 0) throw PythonError();
  return truth == 1;
}

SQLSMALLINT SqlType(std::string_view kind) {
  if (kind == "decimal") return SQL_DECIMAL;
  if (kind == "date") return SQL_TYPE_DATE;
  return kind == "timestamp" ? SQL_TYPE_TIMESTAMP : SQL_VARCHAR;
}

/// A text, and what ODBC calls its type.
QueryParameter ParseTypedText(PyObject* tuple) {
  ParameterText value;
  const char* kind = nullptr;
  const char* text = nullptr;
  Py_ssize_t size = 0;
  unsigned precision = 0;
  SQLSMALLINT scale = 0;
  if (PyArg_ParseTuple(tuple, "ss#Ih", &kind, &text, &size, &precision, &scale) == 0) {
    throw PythonError();
  }
  value.text.assign(text, static_cast<size_t>(size));
  value.sql_type = SqlType(kind);
  value.precision = precision;
  value.scale = scale;
  return value;
}

QueryParameter ParseParameter(PyObject* object) {
  if (object == Py_None) return std::monostate();
  if (PyBool_Check(object)) return object == Py_True;
  if (PyLong_Check(object)) {
    const int64_t value = PyLong_AsLongLong(object);
    if (PyErr_Occurred() != nullptr) throw PythonError();
    return value;
  }
  if (PyFloat_Check(object)) return PyFloat_AsDouble(object);
  if (PyTuple_Check(object)) return ParseTypedText(object);
  char* bytes = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(object, &bytes, &size) < 0) throw PythonError();
  return ParameterBytes{std::string(bytes, static_cast<size_t>(size))};
}

std::vector<Relation> ParseRelations(PyObject* sequence) {
  std::vector<Relation> relations;
  const PyRef iterator = Checked(PyObject_GetIter(sequence));
  while (PyObject* const next = PyIter_Next(iterator.get())) {
    const PyRef item = PyRef::Steal(next);
    relations.push_back(ParseRelation(item.get()));
  }
  if (PyErr_Occurred() != nullptr) throw PythonError();
  return relations;
}

WriteMode ParseMode(PyObject* object) {
  const std::string mode = AsText(object, "mode");
  if (mode == "overwrite") return WriteMode::kOverwrite;
  if (mode == "append") return WriteMode::kAppend;
  if (mode == "upsert") return WriteMode::kUpsert;
  if (mode == "delete+insert") return WriteMode::kDeleteInsert;
  PyErr_Format(PyExc_ValueError, "there is no mode '%s'", mode.c_str());
  throw PythonError();
}

SchemaChange ParseSchemaChange(PyObject* object) {
  const std::string policy = AsText(object, "on_schema_change");
  if (policy.empty()) return SchemaChange::kRefuseNew;
  if (policy == "fail") return SchemaChange::kFail;
  if (policy == "ignore") return SchemaChange::kIgnore;
  if (policy == "append_new_columns") return SchemaChange::kAppendNewColumns;
  if (policy == "sync_all_columns") return SchemaChange::kSyncAllColumns;
  PyErr_Format(PyExc_ValueError, "there is no on_schema_change '%s'", policy.c_str());
  throw PythonError();
}

/// Of a sequence of texts, which messages call `what`.
std::vector<std::string> ParseTexts(PyObject* sequence, const char* what) {
  std::vector<std::string> texts;
  const PyRef iterator = Checked(PyObject_GetIter(sequence));
  while (PyObject* const next = PyIter_Next(iterator.get())) {
    const PyRef item = PyRef::Steal(next);
    texts.push_back(AsText(item.get(), what));
  }
  if (PyErr_Occurred() != nullptr) throw PythonError();
  return texts;
}

/// Of a mapping of columns to types.
std::map<std::string, std::string> ParseColumnTypes(PyObject* dictionary) {
  std::map<std::string, std::string> types;
  const PyRef pairs = Checked(PyMapping_Items(dictionary));
  for (Py_ssize_t i = 0; i < PyList_Size(pairs.get()); ++i) {
    PyObject* const pair = PyList_GetItem(pairs.get(), i);
    types.emplace(AsText(PyTuple_GetItem(pair, 0), "a column's name"),
                  AsText(PyTuple_GetItem(pair, 1), "a column's type"));
  }
  return types;
}

Decimals ParseDecimals(PyObject* object) {
  const std::string decimals = AsText(object, "decimals");
  if (decimals == "declared") return Decimals::kDeclared;
  if (decimals == "exact") return Decimals::kExact;
  if (decimals == "float") return Decimals::kFloat;
  if (decimals == "real") return Decimals::kReal;
  PyErr_Format(PyExc_ValueError,
               "decimals must be declared, exact, float or real, not '%s'",
               decimals.c_str());
  throw PythonError();
}

/// Whether infinite dates are to be NULL.
bool ParseInfiniteDates(PyObject* object) {
  const std::string choice = AsText(object, "infinite_dates");
  if (choice == "null") return true;
  if (choice == "error") return false;
  PyErr_Format(PyExc_ValueError, "infinite_dates must be error or null, not '%s'",
               choice.c_str());
  throw PythonError();
}

/// Of what aft.parameters makes of a query's parameters.
std::vector<QueryParameter> ParseParameters(PyObject* list) {
  const Py_ssize_t count = PyList_Size(list);
  if (count < 0) throw PythonError();
  std::vector<QueryParameter> parameters;
  parameters.reserve(static_cast<size_t>(count));
  for (Py_ssize_t i = 0; i < count; ++i) {
    parameters.push_back(ParseParameter(PyList_GetItem(list, i)));
  }
  return parameters;
}

/// An argument that is a list of texts, and where these go.
struct TextList {
  std::vector<std::string>& texts;
  const char* what;
  PyObject* given = nullptr;
};

const char* const kWriteArguments[] = {
    "stream",       "relation",           "mode",
    "column_types", "unique_key",         "on_schema_change",
    "rebuilt",      "types_are_declared", "if_new",
    "then",         "guessed_decimals",   "renewed",
    "keeps_views",  "given_up",           "if_kept",
    nullptr};

}  // namespace

Relation ParseRelation(PyObject* dictionary) {
  Relation relation;
  relation.database = TextItem(dictionary, "database");
  relation.schema = TextItem(dictionary, "schema");
  relation.identifier = TextItem(dictionary, "identifier");
  relation.quote_database = FlagItem(dictionary, "quote_database");
  relation.quote_schema = FlagItem(dictionary, "quote_schema");
  relation.quote_identifier = FlagItem(dictionary, "quote_identifier");
  return relation;
}

WriteRequest ParseWriteRequest(PyObject* arguments, PyObject* keywords,
                               PyObject*& stream) {
  PyObject* relation = nullptr;
  PyObject* mode = nullptr;
  PyObject* column_types = nullptr;
  PyObject* schema_change = nullptr;
  PyObject* rebuilt = nullptr;
  int types_are_declared = 0;
  int keeps_views = 0;
  WriteRequest request;
  TextList key{request.unique_key, "a column of the key"};
  TextList if_new{request.if_new, "a statement"};
  TextList then{request.then, "a statement"};
  TextList guessed{request.guessed_decimals, "a column"};
  TextList renewed{request.renewed, "a column"};
  TextList given_up{request.given_up, "what a new table is not to have"};
  TextList if_kept{request.if_kept, "a statement"};
  ParseArguments(arguments, keywords, "OOO|OOOOpOOOOpOO:write", kWriteArguments, &stream,
                 &relation, &mode, &column_types, &key.given, &schema_change, &rebuilt,
                 &types_are_declared, &if_new.given, &then.given, &guessed.given,
                 &renewed.given, &keeps_views, &given_up.given, &if_kept.given);
  request.relation = ParseRelation(relation);
  request.mode = ParseMode(mode);
  if (column_types != nullptr) request.column_types = ParseColumnTypes(column_types);
  if (schema_change != nullptr) request.schema_change = ParseSchemaChange(schema_change);
  if (rebuilt != nullptr) request.rebuilt = ParseRelations(rebuilt);
  request.types_are_declared = types_are_declared != 0;
  request.keeps_views = keeps_views != 0;
  for (const TextList& list : {key, if_new, then, guessed, renewed, given_up, if_kept}) {
    if (list.given != nullptr) list.texts = ParseTexts(list.given, list.what);
  }
  return request;
}

ReadOptions ParseReadOptions(PyObject* arguments, PyObject* keywords, std::string& sql) {
  static const char* const kNames[] = {
      "sql",        "batch_rows",    "decimals",       "relation",
      "parameters", "any_statement", "infinite_dates", nullptr};
  PyObject* text = nullptr;
  Py_ssize_t batch_rows = 65536;
  PyObject* decimals = nullptr;
  PyObject* relation = nullptr;
  PyObject* parameters = nullptr;
  int any_statement = 0;
  PyObject* infinite_dates = nullptr;
  ParseArguments(arguments, keywords, "O|nOOOpO:read", kNames, &text, &batch_rows,
                 &decimals, &relation, &parameters, &any_statement, &infinite_dates);
  sql = AsText(text, "sql");
  ReadOptions options{.batch_rows = batch_rows};
  options.takes_any_statement = any_statement != 0;
  if (decimals != nullptr) options.decimals = ParseDecimals(decimals);
  if (relation != nullptr) options.relation = AsText(relation, "relation");
  if (infinite_dates != nullptr)
    options.nulls_infinite_dates = ParseInfiniteDates(infinite_dates);
  if (parameters != nullptr) options.parameters = ParseParameters(parameters);
  return options;
}

}  // namespace aft::py
