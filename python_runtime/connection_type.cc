// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/connection_type.h"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "plugin/warehouse/dialect.h"
#include "plugin/warehouse/odbc_connection.h"
#include "plugin/warehouse/table_reader.h"
#include "plugin/warehouse/table_writer.h"
#include "python_runtime/py_border.h"
#include "python_runtime/result_type.h"

namespace aft::py {
namespace {

struct Warehouse {
  Warehouse(const std::string& connection_string, std::chrono::seconds longest_silence)
      : connection(connection_string, longest_silence),
        dialect(MakeDialect(connection)) {}

  odbc::Connection connection;
  std::unique_ptr<Dialect> dialect;
};

/// Results that are still read use the connection beyond close().
struct ConnectionObject {
  PyObject_HEAD Warehouse* warehouse;
  Py_ssize_t users;
  long long commits;
  bool is_closed;
};

ConnectionObject* AsConnection(PyObject* object) {
  return reinterpret_cast<ConnectionObject*>(object);
}

/// Keeps the warehouse of an open connection while it is used.
class Use {
 public:
  explicit Use(PyObject* connection) : object_(AsConnection(connection)) {
    if (object_->is_closed) throw Error("cannot use the connection: it is closed");
    Py_INCREF(connection);
    ++object_->users;
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  ~Use() {
    --object_->users;
    CloseUnused(object_);
    Py_DECREF(reinterpret_cast<PyObject*>(object_));
  }

  Warehouse* operator->() const { return object_->warehouse; }

  static void CloseUnused(ConnectionObject* object) {
    if (!object->is_closed || object->users > 0) return;
    const std::unique_ptr<Warehouse> warehouse(std::exchange(object->warehouse, nullptr));
  }

 private:
  ConnectionObject* object_;
};

/// A reader, and the connection that it reads from. Needs the interpreter's lock to be
/// destroyed.
class QueryRows final : public BatchSource {
 public:
  QueryRows(std::unique_ptr<Use> use, std::unique_ptr<TableReader> reader)
      : use_(std::move(use)), reader_(std::move(reader)) {}

  Unique<ArrowSchema> Schema() override { return reader_->Schema(); }
  Unique<ArrowArray> Next() override { return reader_->Next(); }

 private:
  std::unique_ptr<Use> use_;
  std::unique_ptr<TableReader> reader_;
};

void DeallocateConnection(PyObject* self) {
  AsConnection(self)->is_closed = true;
  Use::CloseUnused(AsConnection(self));
  Deallocate(self);
}

void RunStatements(ConnectionObject* self, PyObject* statements) {
  const PyRef iterator = Checked(PyObject_GetIter(statements));
  while (PyObject* const next = PyIter_Next(iterator.get())) {
    const PyRef statement = PyRef::Steal(next);
    const std::string sql = AsText(statement.get(), "a statement");
    const WithoutLock unlocked;
    Warehouse& warehouse = *self->warehouse;
    warehouse.dialect->Execute(warehouse.connection, sql,
                               "run a connection's first statements");
  }
  if (PyErr_Occurred() != nullptr) throw PythonError();
}

PyObject* NewConnection(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  return Guard(reinterpret_cast<PyObject*>(type), [&] {
    static const char* const kNames[] = {"connection_string", "statements",
                                         "longest_silence", nullptr};
    PyObject* text = nullptr;
    PyObject* statements = nullptr;
    int seconds = 0;
    ParseArguments(arguments, keywords, "O|Oi:Connection", kNames, &text, &statements,
                   &seconds);
    const std::string connection_string = AsText(text, "connection_string");
    PyRef self = Allocate(type);
    ConnectionObject* const object = AsConnection(self.get());
    {
      const WithoutLock unlocked;
      object->warehouse =
          std::make_unique<Warehouse>(connection_string, std::chrono::seconds(seconds))
              .release();
    }
    if (statements != nullptr) RunStatements(object, statements);
    return self;
  });
}

PyObject* Close(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    AsConnection(self)->is_closed = true;
    Use::CloseUnused(AsConnection(self));
    return None();
  });
}

PyObject* Cancel(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    const Use use(self);
    bool has_cancelled = false;
    {
      const WithoutLock unlocked;
      has_cancelled = use->connection.Cancel();
    }
    return Checked(PyBool_FromLong(has_cancelled ? 1 : 0));
  });
}

PyObject* Commits(PyObject* self, void*) {
  return Guard(self,
               [&] { return Checked(PyLong_FromLongLong(AsConnection(self)->commits)); });
}

PyObject* DbmsName(PyObject* self, void*) {
  return Guard(self, [&] {
    const Use use(self);
    return FromText(use->connection.InfoText(SQL_DBMS_NAME));
  });
}

PyObject* Quote(PyObject* self, PyObject* identifier) {
  return Guard(self, [&] {
    const Use use(self);
    return FromText(use->dialect->Quote(AsText(identifier, "identifier")));
  });
}

PyObject* Execute(PyObject* self, PyObject* statement) {
  return Guard(self, [&] {
    const Use use(self);
    const std::string sql = AsText(statement, "sql");
    std::optional<int64_t> rows;
    {
      const WithoutLock unlocked;
      rows = use->dialect->Execute(use->connection, sql, "execute the statement");
    }
    return rows ? Checked(PyLong_FromLongLong(*rows)) : None();
  });
}

PyObject* Read(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"sql", "batch_rows", nullptr};
    PyObject* text = nullptr;
    Py_ssize_t batch_rows = 65536;
    ParseArguments(arguments, keywords, "O|n:read", kNames, &text, &batch_rows);
    auto use = std::make_unique<Use>(self);
    const std::string sql = AsText(text, "sql");
    std::unique_ptr<TableReader> reader;
    {
      const WithoutLock unlocked;
      reader = std::make_unique<TableReader>((*use)->connection, *(*use)->dialect, sql,
                                             batch_rows);
    }
    const PyRef type = Checked(PyObject_GetAttrString(self, "Result"));
    return MakeResult(type.get(),
                      std::make_unique<QueryRows>(std::move(use), std::move(reader)));
  });
}

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

WriteMode ParseMode(PyObject* object) {
  const std::string mode = AsText(object, "mode");
  if (mode == "overwrite") return WriteMode::kOverwrite;
  if (mode == "append") return WriteMode::kAppend;
  PyErr_Format(PyExc_ValueError, "mode must be 'overwrite' or 'append', not '%s'",
               mode.c_str());
  throw PythonError();
}

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

void StopOnSignal() {
  const WithLock lock;
  if (PyErr_CheckSignals() != 0) throw PythonError();
}

/// Counts a write that may have been committed, however it ends.
class CommitCount {
 public:
  CommitCount(ConnectionObject* connection, const TableWriter& writer)
      : connection_(connection), writer_(writer) {}
  CommitCount(const CommitCount&) = delete;
  CommitCount& operator=(const CommitCount&) = delete;
  ~CommitCount() {
    if (writer_.may_have_committed()) ++connection_->commits;
  }

 private:
  ConnectionObject* connection_;
  const TableWriter& writer_;
};

PyObject* Write(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"stream", "relation", "mode", "column_types",
                                         nullptr};
    PyObject* object = nullptr;
    PyObject* relation = nullptr;
    PyObject* mode = nullptr;
    PyObject* column_types = nullptr;
    ParseArguments(arguments, keywords, "OOO|O:write", kNames, &object, &relation, &mode,
                   &column_types);
    const Use use(self);
    WriteRequest request;
    request.relation = ParseRelation(relation);
    request.mode = ParseMode(mode);
    if (column_types != nullptr) request.column_types = ParseColumnTypes(column_types);
    WriteOutcome outcome;
    Unique<ArrowArrayStream> stream = TakeStream(object);
    TableWriter writer(use->connection, *use->dialect, std::move(request), &StopOnSignal);
    const CommitCount count(AsConnection(self), writer);
    {
      const WithoutLock unlocked;
      outcome = writer.Write(*stream);
    }
    return Checked(Py_BuildValue("(LL)", static_cast<long long>(outcome.rows),
                                 static_cast<long long>(outcome.bytes)));
  });
}

PyObject* HasCommitted(PyObject* self, PyObject* id) {
  return Guard(self, [&] {
    const Use use(self);
    const std::string transaction_id = AsText(id, "transaction_id");
    std::optional<bool> has_committed;
    {
      const WithoutLock unlocked;
      has_committed = use->dialect->HasCommitted(use->connection, transaction_id);
    }
    if (!has_committed) return None();
    return Checked(PyBool_FromLong(*has_committed ? 1 : 0));
  });
}

PyObject* SqlName(PyObject* self, PyObject* relation) {
  return Guard(self, [&] {
    const Use use(self);
    return FromText(use->dialect->Name(ParseRelation(relation)));
  });
}

}  // namespace

PyRef MakeConnectionType() {
  static std::array<PyMethodDef, 9> methods = {{
      {"read", AsMethod(&Read), METH_VARARGS | METH_KEYWORDS,
       "The rows of a query, as an object with __arrow_c_stream__."},
      {"execute", &Execute, METH_O, "Run a statement; the number of rows it changed."},
      {"write", AsMethod(&Write), METH_VARARGS | METH_KEYWORDS,
       "Write a stream into a relation; the rows and bytes written."},
      {"has_committed", &HasCommitted, METH_O,
       "Whether a transaction was committed; None while it runs."},
      {"quote", &Quote, METH_O, "The identifier between quotes."},
      {"sql_name", &SqlName, METH_O, "A relation's name in SQL."},
      {"cancel", &Cancel, METH_NOARGS,
       "Stop the statement that another thread waits for; False without one."},
      {"close", &Close, METH_NOARGS, "Close the connection."},
      {nullptr, nullptr, 0, nullptr},
  }};
  static std::array<PyGetSetDef, 3> attributes = {{
      {"commits", &Commits, nullptr, "How many writes may have been committed.", nullptr},
      {"dbms_name", &DbmsName, nullptr, "What the driver calls its database.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr},
  }};
  static std::array<PyType_Slot, 6> slots = {{
      {Py_tp_doc, const_cast<char*>("One ODBC connection.")},
      {Py_tp_new, reinterpret_cast<void*>(&NewConnection)},
      {Py_tp_dealloc, reinterpret_cast<void*>(&DeallocateConnection)},
      {Py_tp_methods, methods.data()},
      {Py_tp_getset, attributes.data()},
      {0, nullptr},
  }};
  static PyType_Spec spec = {"aft._aft.Connection", sizeof(ConnectionObject), 0,
                             Py_TPFLAGS_DEFAULT, slots.data()};
  return Checked(PyType_FromSpec(&spec));
}

}  // namespace aft::py
