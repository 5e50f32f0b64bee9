// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace aft {

/// A password in a text: that of an address, `scheme://user:password@host`.
struct AddressPassword {
  std::size_t user = std::string_view::npos;  ///< where the user's name begins
  std::size_t begin = std::string_view::npos;
  std::size_t end = std::string_view::npos;
};

/// The first one that begins at or behind `from`; npos without one.
AddressPassword FindAddressPassword(std::string_view text, std::size_t from);

/// Where the address begins at which `text` may have been cut; its size without one.
std::size_t BeginOfOpenAddress(std::string_view text);

}  // namespace aft
