// SPDX-License-Identifier: Apache-2.0
#include "plugin/project/hook_text.h"

#include <algorithm>
#include <array>

namespace aft {
namespace {

constexpr auto kWrites =
    std::to_array<std::string_view>({"write_to_model(", "write_to_source("});
constexpr auto kQuotes = std::to_array<std::string_view>({R"(""")", "'''"});

/// Goes over a line. `quote` closes the text of several lines that it begins, or ends,
/// in; it is empty outside of one.
void SkipTexts(std::string_view line, std::string_view& quote) {
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    const auto* const found =
        std::find_if(kQuotes.begin(), kQuotes.end(),
                     [&](std::string_view mark) { return rest.starts_with(mark); });
    if (found == kQuotes.end() || (!quote.empty() && *found != quote)) {
      ++at;
      continue;
    }
    quote = quote.empty() ? *found : std::string_view();
    at += found->size();
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
