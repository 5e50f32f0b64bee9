// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/text_file.h"

#include <fstream>
#include <iterator>

namespace aft {

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace aft
