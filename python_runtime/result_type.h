// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "plugin/warehouse/arrow/arrow_stream.h"
#include "python_runtime/py_ref.h"

namespace aft::py {

/// The class _aft.Result: an Arrow stream that can be taken once.
PyRef MakeResultType();

/// A result of that class over `source`, whose batches are fetched without the
/// interpreter's lock. `source` is destroyed with it.
PyRef MakeResult(PyObject* result_type, std::unique_ptr<BatchSource> source);

/// The stream that an object with __arrow_c_stream__ gives.
Unique<ArrowArrayStream> TakeStream(PyObject* object);

}  // namespace aft::py
