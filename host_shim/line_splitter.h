// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aft {

/// Cuts a stream of bytes into lines, whatever pieces the bytes come in.
///
/// A line longer than the limit is given out in pieces of that size, so that memory stays
/// bounded.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest_line) : longest_line_(longest_line) {}

  /// Calls `on_line(std::string_view)` for every line that `bytes` completes, without its
  /// line end. The view is good during the call.
  template <typename OnLine>
  void Feed(std::string_view bytes, const OnLine& on_line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::size_t room = longest_line_ - rest_.size();
      const std::size_t wanted = end == std::string_view::npos ? bytes.size() : end;
      const std::size_t taken = wanted < room ? wanted : room;
      rest_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (taken == wanted && end != std::string_view::npos) {
        bytes.remove_prefix(1);
        GiveOut(on_line);
      } else if (rest_.size() == longest_line_) {
        GiveOut(on_line);
      }
    }
  }

  /// The stream is over: gives out what stands after the last line end, if anything.
  template <typename OnLine>
  void Finish(const OnLine& on_line) {
    if (!rest_.empty()) GiveOut(on_line);
  }

 private:
  template <typename OnLine>
  void GiveOut(const OnLine& on_line) {
    std::string line;
    line.swap(rest_);
    on_line(std::string_view(line));
  }

  std::size_t longest_line_;
  std::string rest_;
};

}  // namespace aft
