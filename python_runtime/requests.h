// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "plugin/warehouse/read/table_reader.h"
#include "plugin/warehouse/values/relation.h"
#include "plugin/warehouse/write/table_writer.h"
#include "python_runtime/py_ref.h"

/// What Python asks of the warehouse, as C++ knows it. Each throws a PythonError for what
/// it does not know.
namespace aft::py {

/// Of a dictionary with the fields of aft.manifest.Relation.
Relation ParseRelation(PyObject* dictionary);
/// Of the arguments of Connection.write(); `stream` becomes the first one, still theirs.
WriteRequest ParseWriteRequest(PyObject* arguments, PyObject* keywords,
                               PyObject*& stream);
/// Of those of Connection.read(); `sql` becomes the first one.
ReadOptions ParseReadOptions(PyObject* arguments, PyObject* keywords, std::string& sql);

}  // namespace aft::py
