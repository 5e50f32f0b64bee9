// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "host_shim/fd.h"

namespace aft {

/// What one script prints: up to a bound on the console, up to a larger one in a file of
/// its own. Beyond that it is only counted, and that is said.
class ScriptOutput {
 public:
  /// `level` is one of dbt's: debug, info, warn, error.
  using Print = std::function<void(const std::string& line, const char* level)>;

  static constexpr std::size_t kMostOnConsole = std::size_t{1} << 20U;  ///< bytes
  static constexpr std::size_t kMostInFile = std::size_t{16} << 20U;    ///< bytes

  /// Nothing is written to `file` before there is something to write; its folder is made.
  ScriptOutput(std::filesystem::path file, Print print);

  /// Takes a line as the script wrote it, without its end, and free of secrets. One from
  /// Python's `logging` begins with its level: \x1e, the level's name, \x1f.
  void Add(std::string_view line);

  /// Says what was left out, if anything was.
  void Finish();

 private:
  /// Whether the file has the line.
  bool Write(const std::string& line);
  bool Open();

  std::filesystem::path file_;
  Print print_;
  Fd descriptor_;
  std::size_t on_console_ = 0;
  std::size_t in_file_ = 0;
  std::size_t left_out_ = 0;
  bool is_unwritable_ = false;
};

/// The file for what the script `id` prints, in `folder`: no name of a folder or of
/// another script's file can come of any id.
std::filesystem::path LogFile(const std::filesystem::path& folder, std::string_view id);

}  // namespace aft
