// SPDX-License-Identifier: Apache-2.0
#include "host_shim/edit_distance.h"

#include <algorithm>
#include <vector>

#include "host_shim/error.h"

namespace aft {
namespace {

// No key is longer, and the work grows with the square of the length.
constexpr std::size_t kLongestName = 64;

char Lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

std::size_t EditDistance(std::string_view left, std::string_view right) {
  // Three rows of the table of "optimal string alignment".
  std::vector<std::size_t> before_last(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool is_same = Lower(left[i - 1]) == Lower(right[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (is_same ? 0U : 1U)});
      if (i > 1 && j > 1 && Lower(left[i - 1]) == Lower(right[j - 2]) &&
          Lower(left[i - 2]) == Lower(right[j - 1]))
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[right.size()];
}

std::string_view ClosestName(std::string_view name,
                             std::span<const std::string_view> known) {
  if (name.size() > kLongestName) return {};
  std::string_view closest;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance >= least) continue;
    least = distance;
    closest = candidate;
  }
  return closest;
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> known) {
  const std::string_view closest = ClosestName(name, known);
  return closest.empty() ? "" : Text("; did you mean '", closest, "'?");
}

}  // namespace aft
