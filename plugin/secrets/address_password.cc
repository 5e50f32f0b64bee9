// SPDX-License-Identifier: Apache-2.0
#include "plugin/secrets/address_password.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace aft {
namespace {

constexpr std::string_view kBetweenWords = " \t\r\n\v\f\"'`<>";

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Where the user begins, in the address whose scheme ends at `colon`; npos where none
/// does.
std::size_t BeginOfUser(std::string_view text, std::size_t colon) {
  // JSON may escape the slashes.
  constexpr std::array<std::string_view, 2> kMarks = {"://", ":\\/\\/"};
  for (const std::string_view mark : kMarks)
    if (text.substr(colon).starts_with(mark)) return colon + mark.size();
  return text.npos;
}

/// Where the password ends with which `text` begins; npos where it begins with none.
std::size_t EndOfPassword(std::string_view text) {
  const std::string_view word = text.substr(0, text.find_first_of(kBetweenWords));
  const std::string_view authority = word.substr(0, word.find_first_of("/?#\\"));
  if (const std::size_t end = authority.rfind('@'); end != authority.npos) return end;
  // A password may have a slash in it that nobody has quoted; a port is none.
  const bool is_port = std::all_of(authority.begin(), authority.end(), IsDigit);
  return is_port ? word.npos : word.find('@');
}

}  // namespace

AddressPassword FindAddressPassword(std::string_view text, std::size_t from) {
  for (std::size_t colon = text.find(':', from); colon != text.npos;
       colon = text.find(':', colon + 1)) {
    const std::size_t user = BeginOfUser(text, colon);
    if (user == text.npos) continue;
    const std::size_t begin = std::min(text.find(':', user), text.size());
    const std::string_view name = text.substr(user, begin - user);
    if (begin == text.size() || name.find_first_of("@/?#\\") != name.npos ||
        name.find_first_of(kBetweenWords) != name.npos)
      continue;
    const std::size_t length = EndOfPassword(text.substr(begin + 1));
    if (length != text.npos && length > 0) return {user, begin + 1, begin + 1 + length};
  }
  return {};
}

std::size_t BeginOfOpenAddress(std::string_view text) {
  const std::size_t before = text.find_last_of(kBetweenWords);
  const std::size_t begin = before == text.npos ? 0 : before + 1;
  return text.find(':', begin) == text.npos ? text.size() : begin;
}

}  // namespace aft
