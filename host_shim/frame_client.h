// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace aft {

/// Names the socket at which the script's own process waits for requests.
inline constexpr const char* kScriptSocket = "AFT_SCRIPT_SOCKET";

/// Puts all rows of `relation` on standard output, in `format`: csv, arrow (an IPC
/// stream) or parquet.
///
/// Rows move through a file of this process's own that the other side fills. So nothing
/// is written out unless all rows are there. Throws Error with the other side's reason.
void ReadFrame(const std::string& relation, const std::string& format);

/// As `aft.write_to_model` has them.
struct HowToWrite {
  std::string mode;  ///< empty for the relation's default
  std::string on_schema_change;
  std::vector<std::string> unique_key;
};

/// Writes the frame on standard input into `relation`. An empty `format` means that it is
/// found out. Throws Error with the other side's reason; then nothing has changed.
void WriteFrame(const std::string& relation, const std::string& format,
                const HowToWrite& how);

}  // namespace aft
