// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aft {

/// A digest of bytes that tells contents apart, the same on every machine. It is no guard
/// against somebody who wants two contents to have the same.
class ContentDigest {
 public:
  void Add(std::string_view bytes);
  [[nodiscard]] std::string Hexadecimal() const;

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;  // FNV-1a with 64 bits
};

}  // namespace aft
