// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "plugin/commands/manual.h"
#include "plugin/commands/shell_completion.h"

// Prints what is installed beside aft: its manual, or the completion for a shell.
int main(int argc, char** argv) {
  const std::string_view kind = argc == 2 ? argv[1] : "";
  if (kind == "man")
    std::cout << aft::Manual();
  else if (std::ranges::find(aft::kCompletedShells, kind) != aft::kCompletedShells.end())
    std::cout << aft::CompletionFor(kind);
  else
    return EXIT_FAILURE;
  return std::cout.flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}
