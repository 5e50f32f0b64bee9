// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace aft {

/// How many letters of `left` must be added, dropped, replaced or swapped with their
/// neighbour to get `right`. ASCII letters count as equal in either case.
std::size_t EditDistance(std::string_view left, std::string_view right);

/// The name among `known` that `name` is most likely a misspelling of; empty where none
/// is close. A third of the letters may differ, and one letter always.
std::string_view ClosestName(std::string_view name,
                             std::span<const std::string_view> known);

/// "; did you mean 'scripts'?", to be put behind what is wrong with `name`; "" where
/// ClosestName() knows none.
std::string DidYouMean(std::string_view name, std::span<const std::string_view> known);

}  // namespace aft
