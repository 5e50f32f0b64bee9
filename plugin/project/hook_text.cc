// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/hook_text.h"

#include <algorithm>
#include <array>

namespace aft {
namespace {

constexpr auto kWrites =
    std::to_array<std::string_view>({"write_to_model(", "write_to_source("});
constexpr auto kQuotes = std::to_array<std::string_view>({R"(""")", "'''"});

/// Where the text that a quotation mark at `at` opens ends on its line.
std::size_t EndOfText(std::string_view line, std::size_t at) {
  const char mark = line[at];
  for (++at; at < line.size() && line[at] != mark; ++at)
    if (line[at] == '\\') ++at;
  return std::min(at + 1, line.size());
}

/// Goes over a line. `quote` closes the text of several lines that it begins, or ends,
/// in; it is empty outside of one.
void SkipTexts(std::string_view line, std::string_view& quote) {
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    const auto* const found =
        std::find_if(kQuotes.begin(), kQuotes.end(),
                     [&](std::string_view mark) { return rest.starts_with(mark); });
    const bool is_in_text = !quote.empty();
    if (found != kQuotes.end() && (!is_in_text || *found == quote)) {
      quote = is_in_text ? std::string_view() : *found;
      at += found->size();
    } else if (!is_in_text && rest.front() == '#') {
      return;
    } else if (!is_in_text && (rest.front() == '"' || rest.front() == '\'')) {
      at = EndOfText(line, at);
    } else {
      at += is_in_text && rest.front() == '\\' ? 2 : 1;
    }
  }
}

}  // namespace

std::string_view WriteAtTop(std::string_view text) {
  std::string_view quote;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    for (const std::string_view write : kWrites)
      if (quote.empty() && line.starts_with(write))
        return write.substr(0, write.size() - 1);
    SkipTexts(line, quote);
    begin = end + 1;
  }
  return {};
}

}  // namespace aft
