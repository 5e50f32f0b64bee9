// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host_shim/fd.h"

namespace aft {

/// Appends `text` to `file`, and to the disk. Throws Error, which names `path`.
void WriteSynced(const Fd& file, std::string_view text,
                 const std::filesystem::path& path);

/// Writes `text` to `path` so that a reader, even after a power cut, meets the old file
/// or the new one. Throws Error.
void WriteAtomically(const std::filesystem::path& path, const std::string& text);

/// When the file was written last; a time before all others where there is none.
std::filesystem::file_time_type WrittenAt(const std::filesystem::path& path);

}  // namespace aft
