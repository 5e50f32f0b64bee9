// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/content_digest.h"

#include <array>
#include <cstdio>

namespace aft {

void ContentDigest::Add(std::string_view bytes) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  for (const char byte : bytes)
    value_ = (value_ ^ static_cast<unsigned char>(byte)) * kPrime;
}

std::string ContentDigest::Hexadecimal() const {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(value_));
  return text.data();
}

}  // namespace aft
