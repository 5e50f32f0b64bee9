// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "host_shim/command_usage.h"

namespace aft {

// What `aft read` and `aft write` take. The program runs these two itself: a script of
// any language may call them often, and they move bytes only.

inline constexpr auto kFrameFormats =
    std::to_array<std::string_view>({"csv", "arrow", "parquet"});
inline constexpr auto kWriteModes =
    std::to_array<std::string_view>({"overwrite", "append", "upsert", "delete+insert"});
inline constexpr auto kSchemaChanges = std::to_array<std::string_view>(
    {"fail", "ignore", "append_new_columns", "sync_all_columns"});

inline constexpr auto kReadWords = std::to_array<CommandArgument>({
    {"MODEL", "", "A model, seed or snapshot, PACKAGE.MODEL or source:SOURCE.TABLE."},
});
inline constexpr auto kReadOptions = std::to_array<CommandArgument>({
    {"--format", "FORMAT", "csv (the default), arrow or parquet.", kFrameFormats},
});
inline constexpr CommandUsage kReadUsage = {
    "read", "In a script of any language: write the rows of a model to standard output.",
    kReadWords, kReadOptions};

inline constexpr auto kWriteWords = std::to_array<CommandArgument>({
    {"MODEL", "", "The model that the script is bound to, or source:SOURCE.TABLE."},
});
inline constexpr auto kWriteOptions = std::to_array<CommandArgument>({
    {"--format", "FORMAT", "csv, arrow or parquet. By default aft finds out.",
     kFrameFormats},
    {"--mode", "MODE",
     "overwrite (the default for a model), append (for a source), upsert or "
     "delete+insert.",
     kWriteModes},
    {"--unique-key", "COLUMNS",
     "For upsert and delete+insert: the columns that identify a row, separated by "
     "commas."},
    {"--on-schema-change", "CHANGE",
     "fail, ignore, append_new_columns or sync_all_columns, as in dbt.", kSchemaChanges},
});
inline constexpr CommandUsage kWriteUsage = {
    "write",
    "In a script of any language: write the rows on standard input to its model, or to a "
    "source.",
    kWriteWords, kWriteOptions};

}  // namespace aft
