// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace aft {

/// The words of all lines of a Python text that import something, without comments: the
/// names of modules are among them. It rather takes too many words than too few.
std::set<std::string> ImportedNames(std::string_view text);

/// The code of a notebook's cells; `text` itself where it is no notebook.
std::string NotebookCode(const std::string& text);

}  // namespace aft
