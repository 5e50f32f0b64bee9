// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/faults/bound_column.h"
#include "tests/faults/changed_array.h"
#include "tests/faults/fault_driver.h"

/// Where a fetch says what it gave.
struct FetchedRows {
  SQLULEN* count = nullptr;
  SQLUSMALLINT* statuses = nullptr;
};

struct State {
  void* driver = nullptr;
  FaultLength lengths = kLengthTrue;
  FaultArrays arrays = kArraysWhole;
  std::map<SQLHANDLE, size_t> array_rows;
  std::set<SQLHANDLE> lost_rows;
  int single_rows = 0;
  std::map<std::pair<SQLHANDLE, SQLUSMALLINT>, BoundParameter> parameters;
  int row = 0;
  std::map<SQLHANDLE, FetchedRows> fetched_rows;
  std::map<std::pair<SQLHANDLE, SQLUSMALLINT>, BoundColumn> bound_columns;
  std::string dbms_name;
  std::string function;
  int number = 0;
  FaultMoment moment = kFaultInstead;
  std::string sqlstate = "HY000";
  bool for_good = false;
  int seen = 0;
  int failed = 0;
  std::string failed_function;
  std::set<SQLHANDLE> failed_handles;
  std::set<SQLHANDLE> open_handles;
};

inline State& TheState() {
  static State state;
  return state;
}
