// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "python_runtime/py_ref.h"

namespace aft::py {

/// The class _aft.Connection: a warehouse that reads, writes and executes. Gets its
/// classes Error and Result as attributes.
PyRef MakeConnectionType();

}  // namespace aft::py
