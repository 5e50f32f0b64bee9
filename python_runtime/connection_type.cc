// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/connection_type.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/warehouse/read/table_reader.h"
#include "plugin/warehouse/write/table_writer.h"
#include "python_runtime/open_warehouse.h"
#include "python_runtime/py_border.h"
#include "python_runtime/requests.h"
#include "python_runtime/result_type.h"

namespace aft::py {
namespace {

/// Results that are still read use the connection beyond close(). In a fork of the
/// process that opened it nothing is sent over it, not even its end: the session is the
/// other process's.
struct ConnectionObject {
  PyObject_HEAD Warehouse* warehouse;
  pid_t process;
  Py_ssize_t users;
  long long commits;
  std::string_view last_sink;
  bool is_closed;
};

ConnectionObject* AsConnection(PyObject* object) {
  return reinterpret_cast<ConnectionObject*>(object);
}

bool WasOpenedHere(const ConnectionObject* object) {
  return object->process == ::getpid();
}

/// Keeps the warehouse of an open connection while it is used.
class Use {
 public:
  explicit Use(PyObject* connection) : object_(AsConnection(connection)) {
    if (object_->is_closed) throw Error("cannot use the connection: it is closed");
    if (!WasOpenedHere(object_)) {
      throw Error("cannot use the connection: another process has opened it");
    }
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
    std::unique_ptr<Warehouse> warehouse(std::exchange(object->warehouse, nullptr));
    if (!WasOpenedHere(object))
      warehouse.release();  // NOLINT(bugprone-unused-return-value)
  }

  [[nodiscard]] bool IsOfThisProcess() const { return WasOpenedHere(object_); }

 private:
  ConnectionObject* object_;
};

/// A reader, and the connection that it reads from. Needs the interpreter's lock to be
/// destroyed.
class QueryRows final : public BatchSource {
 public:
  QueryRows(std::unique_ptr<Use> use, std::unique_ptr<TableReader> reader)
      : use_(std::move(use)), reader_(std::move(reader)) {}
  QueryRows(const QueryRows&) = delete;
  QueryRows& operator=(const QueryRows&) = delete;
  ~QueryRows() override {
    if (!use_->IsOfThisProcess()) {
      // Its statement would be closed on the server.
      reader_.release();  // NOLINT(bugprone-unused-return-value)
      return;
    }
    // It waits for the fetch that is under way, which another thread may have to cancel.
    const WithoutLock unlocked;
    reader_.reset();
  }

  Unique<ArrowSchema> Schema() override { return reader_->Schema(); }
  Unique<ArrowArray> Next() override {
    if (!use_->IsOfThisProcess()) {
      throw Error("cannot read on: another process has opened the connection");
    }
    return reader_->Next();
  }
  [[nodiscard]] std::vector<RoundedValues> Rounded() const override {
    return reader_->Rounded();
  }

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
    warehouse.dialect->Execute(*warehouse.connection, sql,
                               "run a connection's first statements");
  }
  if (PyErr_Occurred() != nullptr) throw PythonError();
}

PyObject* NewConnection(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  return Guard(reinterpret_cast<PyObject*>(type), [&] {
    static const char* const kNames[] = {"connection_string", "statements",
                                         "longest_silence", "transport", nullptr};
    PyObject* text = nullptr;
    PyObject* statements = nullptr;
    int seconds = 0;
    PyObject* transport = nullptr;
    ParseArguments(arguments, keywords, "O|OiO:Connection", kNames, &text, &statements,
                   &seconds, &transport);
    const std::string connection_string = AsText(text, "connection_string");
    PyRef self = Allocate(type);
    ConnectionObject* const object = AsConnection(self.get());
    object->process = ::getpid();
    object->warehouse =
        transport == nullptr
            ? OpenWarehouse(connection_string, std::chrono::seconds(seconds)).release()
            : WarehouseOver(transport,
                            Checked(PyObject_GetAttrString(self.get(), "Result")))
                  .release();
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

PyObject* Hold(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    const Use use(self);
    {
      const WithoutLock unlocked;
      use->connection->Hold();
    }
    return None();
  });
}

PyObject* LetGo(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    const Use use(self);
    use->connection->LetGo();
    return None();
  });
}

PyObject* Cancel(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    const Use use(self);
    bool has_cancelled = false;
    {
      const WithoutLock unlocked;
      has_cancelled = use->connection->Cancel();
    }
    return Checked(PyBool_FromLong(has_cancelled ? 1 : 0));
  });
}

PyObject* Commits(PyObject* self, void*) {
  return Guard(self,
               [&] { return Checked(PyLong_FromLongLong(AsConnection(self)->commits)); });
}

PyObject* LastSink(PyObject* self, void*) {
  return Guard(self,
               [&] { return FromText(std::string(AsConnection(self)->last_sink)); });
}

PyObject* Notices(PyObject* self, void*) {
  return Guard(self, [&] {
    const Use use(self);
    PyRef list = Checked(PyList_New(0));
    for (const std::string& notice : use->notices) {
      const PyRef text = FromText(notice);
      if (PyList_Append(list.get(), text.get()) != 0) throw PythonError();
    }
    return list;
  });
}

PyObject* DbmsName(PyObject* self, void*) {
  return Guard(self, [&] {
    const Use use(self);
    return FromText(use->dbms_name);
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
      rows = use->dialect->Execute(*use->connection, sql, "execute the statement");
    }
    return rows ? Checked(PyLong_FromLongLong(*rows)) : None();
  });
}

PyObject* Read(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    auto use = std::make_unique<Use>(self);
    std::string sql;
    ReadOptions options = ParseReadOptions(arguments, keywords, sql);
    std::unique_ptr<TableReader> reader;
    {
      const WithoutLock unlocked;
      reader = std::make_unique<TableReader>((*use)->connection->odbc(), *(*use)->dialect,
                                             sql, std::move(options));
    }
    const PyRef type = Checked(PyObject_GetAttrString(self, "Result"));
    return MakeResult(type.get(),
                      std::make_unique<QueryRows>(std::move(use), std::move(reader)));
  });
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
    const Use use(self);
    PyObject* object = nullptr;
    WriteRequest request = ParseWriteRequest(arguments, keywords, object);
    WriteOutcome outcome;
    Unique<ArrowArrayStream> stream = TakeStream(object);
    TableWriter writer(*use->connection, *use->dialect, std::move(request),
                       &StopOnSignal);
    const CommitCount count(AsConnection(self), writer);
    {
      const WithoutLock unlocked;
      outcome = writer.Write(*stream);
    }
    AsConnection(self)->last_sink = outcome.sink;
    use->notices = std::move(outcome.notices);
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
      has_committed = use->dialect->HasCommitted(*use->connection, transaction_id);
    }
    if (!has_committed) return None();
    return Checked(PyBool_FromLong(*has_committed ? 1 : 0));
  });
}

PyObject* HasSchema(PyObject* self, PyObject* dictionary) {
  return Guard(self, [&] {
    const Use use(self);
    const Relation relation = ParseRelation(dictionary);
    bool has_schema = false;
    {
      const WithoutLock unlocked;
      has_schema =
          use->dialect->HasSchema(*use->connection, relation, "look for a schema");
    }
    return Checked(PyBool_FromLong(has_schema ? 1 : 0));
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
  static std::array<PyMethodDef, 12> methods = {{
      {"read", AsMethod(&Read), METH_VARARGS | METH_KEYWORDS,
       "The rows of a query, as an object with __arrow_c_stream__."},
      {"execute", &Execute, METH_O, "Run a statement; the number of rows it changed."},
      {"write", AsMethod(&Write), METH_VARARGS | METH_KEYWORDS,
       "Write a stream into a relation; the rows and bytes written."},
      {"has_committed", &HasCommitted, METH_O,
       "Whether a transaction was committed; None while it runs."},
      {"has_schema", &HasSchema, METH_O,
       "Whether the schema that a relation is to be in is there."},
      {"quote", &Quote, METH_O, "The identifier between quotes."},
      {"sql_name", &SqlName, METH_O, "A relation's name in SQL."},
      {"cancel", &Cancel, METH_NOARGS,
       "Stop the statement that another thread waits for; False without one."},
      {"hold", &Hold, METH_NOARGS, "Wait until no thread is within the driver."},
      {"let_go", &LetGo, METH_NOARGS, "End hold(), in the thread that called it."},
      {"close", &Close, METH_NOARGS, "Close the connection."},
      {nullptr, nullptr, 0, nullptr},
  }};
  static std::array<PyGetSetDef, 5> attributes = {{
      {"commits", &Commits, nullptr, "How many writes may have been committed.", nullptr},
      {"last_sink", &LastSink, nullptr,
       "How the rows of the last write went to the table: \"parameter rows\" or \"array "
       "columns\".",
       nullptr},
      {"notices", &Notices, nullptr, "What the user should know of the last write.",
       nullptr},
      {"dbms_name", &DbmsName, nullptr, "What the driver calls its database.", nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr},
  }};
  static std::array<PyType_Slot, 6> slots = {{
      {Py_tp_doc, const_cast<char*>("One connection.")},
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
