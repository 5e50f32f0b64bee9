// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace aft {

/// Cuts a stream of bytes into lines, whatever pieces the bytes come in.
///
/// A line longer than the limit is given out in pieces of that size, so that memory stays
/// bounded; or shorter ones, where `cut` says how much of a piece, but not 0, can go.
class LineSplitter {
 public:
  using Cut = std::function<std::size_t(std::string_view piece)>;

  explicit LineSplitter(std::size_t longest_line, Cut cut = {})
      : longest_line_(longest_line), cut_(std::move(cut)) {}

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
        GiveOut(on_line, rest_.size());
      } else if (rest_.size() == longest_line_) {
        GiveOut(on_line, cut_ ? cut_(rest_) : rest_.size());
      }
    }
  }

  /// The stream is over: gives out what stands after the last line end, if anything.
  template <typename OnLine>
  void Finish(const OnLine& on_line) {
    if (!rest_.empty()) GiveOut(on_line, rest_.size());
  }

 private:
  template <typename OnLine>
  void GiveOut(const OnLine& on_line, std::size_t size) {
    std::string line = rest_.substr(size);
    line.swap(rest_);
    on_line(std::string_view(line).substr(0, size));
  }

  std::size_t longest_line_;
  Cut cut_;
  std::string rest_;
};

}  // namespace aft
