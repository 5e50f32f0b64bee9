// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/script_output.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "host_shim/error.h"
#include "host_shim/write_all.h"
#include "plugin/scripts/console.h"

namespace aft {
namespace {

namespace fs = std::filesystem;

constexpr char kMark = '\x1e';
constexpr char kMarkEnd = '\x1f';

// A file system takes names of 255 bytes.
constexpr std::size_t kLongestName = 180;

/// Takes the level's mark from the beginning of `line`.
const char* TakeLevel(std::string_view& line) {
  if (!line.starts_with(kMark)) return "info";
  const std::size_t end = line.find(kMarkEnd);
  for (const char* level : {"debug", "info", "warn", "error"}) {
    if (line.substr(1, end - 1) != level) continue;
    line.remove_prefix(end + 1);
    return level;
  }
  return "info";
}

/// FNV-1a.
std::uint32_t Hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

ScriptOutput::ScriptOutput(fs::path file, Print print)
    : file_(std::move(file)), print_(std::move(print)) {}

void ScriptOutput::Add(std::string_view line) {
  const char* const level = TakeLevel(line);
  const std::string text = Printable(line);
  const std::size_t size = text.size() + 1;
  const bool is_in_file = Write(text);
  const bool is_shown = on_console_ < kMostOnConsole;
  on_console_ += size;
  if (!is_in_file && !is_shown) left_out_ += size;
  if (!is_shown) return;
  print_(text, level);
  if (on_console_ < kMostOnConsole) return;
  print_(is_unwritable_ ? "[truncated here]"
                        : Text("[truncated here; more is in ", file_.native(), "]"),
         "warn");
}

void ScriptOutput::Finish() {
  if (left_out_ == 0) return;
  const std::string text = Text("[truncated: ", left_out_, " bytes more were printed]");
  if (descriptor_.IsOpen()) WriteAll(descriptor_.get(), text + "\n");
  print_(text, "warn");
  left_out_ = 0;
}

bool ScriptOutput::Write(const std::string& line) {
  if (in_file_ + line.size() + 1 > kMostInFile || !Open()) {
    // What follows a gap would look as if it followed directly.
    in_file_ = kMostInFile;
    return false;
  }
  in_file_ += line.size() + 1;
  const int error = WriteAll(descriptor_.get(), line + "\n");
  if (error == 0) return true;
  is_unwritable_ = true;
  print_(Text("[cannot write ", file_.native(), ": ", std::strerror(error), "]"), "warn");
  return false;
}

bool ScriptOutput::Open() {
  if (is_unwritable_) return false;
  if (descriptor_.IsOpen()) return true;
  std::error_code ignored;
  fs::create_directories(file_.parent_path(), ignored);
  descriptor_ = Fd(::open(file_.c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (descriptor_.IsOpen()) return true;
  is_unwritable_ = true;
  print_(Text("[cannot write ", file_.native(), ": ", std::strerror(errno), "]"), "warn");
  return false;
}

fs::path LogFile(const fs::path& folder, std::string_view id) {
  std::string name(id.substr(0, kLongestName));
  bool is_plain = name.size() == id.size();
  for (char& c : name) {
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    // Frequent in scripts' paths, and seldom in dbt's names.
    if (!is_kept && c != '/') is_plain = false;
    if (!is_kept) c = c == '/' ? '+' : '_';
  }
  if (!is_plain) {
    std::array<char, 16> hash{};
    std::snprintf(hash.data(), hash.size(), ".%08x", Hash(id));
    name += hash.data();
  }
  return folder / (name + ".log");
}

}  // namespace aft
