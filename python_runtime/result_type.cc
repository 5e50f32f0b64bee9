// SPDX-License-Identifier: Apache-2.0
#include "python_runtime/result_type.h"

#include <array>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "python_runtime/py_border.h"

namespace aft::py {
namespace {

constexpr const char* kStreamCapsule = "arrow_array_stream";

/// What does not get through an Arrow stream, in which an error is but a text.
struct Aside {
  std::exception_ptr failure;
  std::vector<RoundedValues> rounded;
};

/// Holds a stream until somebody takes it, and what the stream says aside.
struct ResultObject {
  PyObject_HEAD ArrowArrayStream* stream;
  std::shared_ptr<Aside>* aside;
};

ResultObject* AsResult(PyObject* object) {
  return reinterpret_cast<ResultObject*>(object);
}

/// A result whose batches are fetched without the interpreter's lock.
class UnlockedSource final : public BatchSource {
 public:
  UnlockedSource(std::unique_ptr<BatchSource> source, std::shared_ptr<Aside> aside)
      : source_(std::move(source)), aside_(std::move(aside)) {}
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
      Unique<ArrowArray> batch = source_->Next();
      aside_->rounded = source_->Rounded();
      return batch;
    } catch (...) {
      aside_->failure = std::current_exception();
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
  std::shared_ptr<Aside> aside_;
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
  delete AsResult(self)->aside;
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
    const std::shared_ptr<Aside>* const aside = AsResult(self)->aside;
    if (aside != nullptr && (*aside)->failure != nullptr) {
      std::rethrow_exception((*aside)->failure);
    }
    return None();
  });
}

PyObject* Rounded(PyObject* self, PyObject*) {
  return Guard(self, [&] {
    PyRef counts = Checked(PyDict_New());
    const std::shared_ptr<Aside>* const aside = AsResult(self)->aside;
    const bool is_empty = aside == nullptr || (*aside)->rounded.empty();
    for (const RoundedValues& values :
         is_empty ? std::vector<RoundedValues>() : (*aside)->rounded) {
      const PyRef count = Checked(PyLong_FromLongLong(values.count));
      const PyRef column = FromText(values.column);
      if (PyDict_SetItem(counts.get(), column.get(), count.get()) != 0) {
        throw PythonError();
      }
    }
    return counts;
  });
}

}  // namespace

PyRef MakeResultType() {
  static std::array<PyMethodDef, 4> methods = {{
      {"__arrow_c_stream__", AsMethod(&ExportResult), METH_VARARGS | METH_KEYWORDS,
       "The rows as an Arrow stream in a capsule; once."},
      {"raise_failure", &RaiseFailure, METH_NOARGS,
       "Raise what the stream has failed with, if it has."},
      {"rounded", &Rounded, METH_NOARGS,
       "By column: how many decimals read so far became doubles without all digits."},
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
  auto aside = std::make_unique<std::shared_ptr<Aside>>(std::make_shared<Aside>());
  ExportStream(std::make_unique<UnlockedSource>(std::move(source), *aside))
      .MoveTo(stream.get());
  AsResult(result.get())->stream = stream.release();
  AsResult(result.get())->aside = aside.release();
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
