// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace aft {

/// The word behind `aft completion` that has it give out the names of scripts.
inline constexpr std::string_view kScriptsWord = "scripts";

inline constexpr auto kCompletedShells =
    std::to_array<std::string_view>({"bash", "zsh", "fish"});

/// The script that completes the words of aft in one of these shells.
std::string CompletionFor(std::string_view shell);

}  // namespace aft
