// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/result_type.h"

#include <array>
#include <exception>
#include <memory>
#include <utility>

#include "python_runtime/py_border.h"

namespace aft::py {
namespace {

constexpr const char* kStreamCapsule = "arrow_array_stream";

/// Through an Arrow stream only the text of an error gets.
struct Failure {
  std::exception_ptr exception;
};

/// Holds a stream until somebody takes it, and what the stream then fails with.
struct ResultObject {
  PyObject_HEAD ArrowArrayStream* stream;
  std::shared_ptr<Failure>* failure;
};

ResultObject* AsResult(PyObject* object) {
  return reinterpret_cast<ResultObject*>(object);
}

/// A result whose batches are fetched without the interpreter's lock.
class UnlockedSource final : public BatchSource {
 public:
  UnlockedSource(std::unique_ptr<BatchSource> source, std::shared_ptr<Failure> failure)
      : source_(std::move(source)), failure_(std::move(failure)) {}
  UnlockedSource(const UnlockedSource&) = delete;
  UnlockedSource& operator=(const UnlockedSource&) = delete;
  ~UnlockedSource() override {
    if (Py_IsInitialized() == 0) {
      // Python has gone, and with it the lock that the source needs.
      source_.release();  // NOLINT(bugprone-unused-return-value)
      return;
    }
    const WithLock lock;
    source_.reset();
  }

  Unique<ArrowSchema> Schema() override { return source_->Schema(); }
  Unique<ArrowArray> Next() override {
    const WithLock lock;
    StopOnSignal();
    const WithoutLock unlocked;
    try {
      return source_->Next();
    } catch (...) {
      failure_->exception = std::current_exception();
      throw;
    }
  }

 private:
  /// Lets a signal's handler run. What it raises can't go through a C stream: Python
  /// raises it as soon as it runs again.
  static void StopOnSignal() {
    if (PyErr_CheckSignals() == 0) return;
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    if (Py_AddPendingCall(&RaisePending, value) != 0) Py_XDECREF(value);
    throw Error("cannot run the query: a signal interrupted it");
  }
  static int RaisePending(void* value) {
    const PyRef exception = PyRef::Steal(static_cast<PyObject*>(value));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())),
                    exception.get());
    return -1;
  }

  std::unique_ptr<BatchSource> source_;
  std::shared_ptr<Failure> failure_;
};

void ReleaseStream(ArrowArrayStream* stream) {
  const std::unique_ptr<ArrowArrayStream> owned(stream);
  if (owned != nullptr && owned->release != nullptr) owned->release(owned.get());
}

void ReleaseCapsule(PyObject* capsule) {
  ReleaseStream(
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, kStreamCapsule)));
}

void DeallocateResult(PyObject* self) {
  ReleaseStream(AsResult(self)->stream);
  delete AsResult(self)->failure;
  Deallocate(self);
}

PyObject* ExportResult(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return Guard(self, [&] {
    static const char* const kNames[] = {"requested_schema", nullptr};
    // A request for other types may be left unmet, as the interface says.
    PyObject* requested = nullptr;
    ParseArguments(arguments, keywords, "|O:__arrow_c_stream__", kNames, &requested);
    ResultObject* const result = AsResult(self);
    if (result->stream == nullptr) {
      throw Error("cannot read a result twice: its rows are gone; run the query again");
    }
    PyRef capsule =
        Checked(PyCapsule_New(result->stream, kStreamCapsule, &ReleaseCapsule));
    result->stream = nullptr;
    return capsule;
  });
}

PyObject* RaiseFailure(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    const std::shared_ptr<Failure>* const failure = AsResult(self)->failure;
    if (failure != nullptr && (*failure)->exception != nullptr) {
      std::rethrow_exception((*failure)->exception);
    }
    return None();
  });
}

}  // namespace

PyRef MakeResultType() {
  static std::array<PyMethodDef, 3> methods = {{
      {"__arrow_c_stream__", AsMethod(&ExportResult), METH_VARARGS | METH_KEYWORDS,
       "The rows as an Arrow stream in a capsule; once."},
      {"raise_failure", &RaiseFailure, METH_NOARGS,
       "Raise what the stream has failed with, if it has."},
      {nullptr, nullptr, 0, nullptr},
  }};
  static std::array<PyType_Slot, 4> slots = {{
      {Py_tp_doc, const_cast<char*>("Rows of a query, to be taken as an Arrow stream.")},
      {Py_tp_dealloc, reinterpret_cast<void*>(&DeallocateResult)},
      {Py_tp_methods, methods.data()},
      {0, nullptr},
  }};
  static PyType_Spec spec = {"aft._aft.Result", sizeof(ResultObject), 0,
                             Py_TPFLAGS_DEFAULT, slots.data()};
  return Checked(PyType_FromSpec(&spec));
}

PyRef MakeResult(PyObject* result_type, std::unique_ptr<BatchSource> source) {
  PyRef result = Allocate(reinterpret_cast<PyTypeObject*>(result_type));
  auto stream = std::make_unique<ArrowArrayStream>();
  auto failure = std::make_unique<std::shared_ptr<Failure>>(std::make_shared<Failure>());
  ExportStream(std::make_unique<UnlockedSource>(std::move(source), *failure))
      .MoveTo(stream.get());
  AsResult(result.get())->stream = stream.release();
  AsResult(result.get())->failure = failure.release();
  return result;
}

Unique<ArrowArrayStream> TakeStream(PyObject* object) {
  const PyRef method = PyRef::Steal(PyObject_GetAttrString(object, "__arrow_c_stream__"));
  if (!method) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError,
                 "write() takes an object with __arrow_c_stream__, as frames have, and "
                 "not %R",
                 reinterpret_cast<PyObject*>(Py_TYPE(object)));
    throw PythonError();
  }
  const PyRef capsule = Checked(PyObject_CallObject(method.get(), nullptr));
  auto* const stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.get(), kStreamCapsule));
  if (stream == nullptr) throw PythonError();
  Unique<ArrowArrayStream> taken;
  *taken = *stream;
  stream->release = nullptr;
  if (taken.IsEmpty()) throw Error("cannot write the stream: it has been read already");
  return taken;
}

}  // namespace aft::py
