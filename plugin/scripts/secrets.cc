// SPDX-License-Identifier: Apache-2.0
#include "plugin/scripts/secrets.h"

#include <algorithm>

namespace aft {
namespace {

constexpr std::string_view kMask = "*****";

// A line of a key is longer, and "}" alone is no secret.
constexpr std::size_t kShortestLine = 8;

bool IsLonger(const std::string& one, const std::string& other) {
  return one.size() > other.size();
}

}  // namespace

void Secrets::Add(std::string_view secret) {
  const auto add = [this](std::string_view text) {
    if (std::find(secrets_.begin(), secrets_.end(), text) != secrets_.end()) return;
    secrets_.emplace_back(text);
  };
  if (secret.empty()) return;
  add(secret);
  while (secret.find('\n') != std::string_view::npos) {
    const std::size_t end = secret.find('\n');
    if (end >= kShortestLine) add(secret.substr(0, end));
    secret.remove_prefix(end + 1);
    if (secret.find('\n') == std::string_view::npos && secret.size() >= kShortestLine)
      add(secret);
  }
  // One secret may be the beginning of another one.
  std::stable_sort(secrets_.begin(), secrets_.end(), IsLonger);
}

std::string Secrets::Masked(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;
         at += kMask.size())
      text.replace(at, secret.size(), kMask);
  }
  return text;
}

std::size_t Secrets::CutOf(std::string_view text) const {
  std::size_t cut = text.size();
  std::size_t at = text.size();
  while (at > 0 && at - 1 + LongestSize() > cut) {
    --at;
    const std::string_view rest = text.substr(at);
    // What crosses the cut, or may do so when more of the text is there, stays whole.
    const bool is_cut =
        std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string_view secret) {
          return at + secret.size() > cut &&
                 rest.substr(0, secret.size()) == secret.substr(0, rest.size());
        });
    if (is_cut) cut = at;
  }
  return cut == 0 ? text.size() : cut;
}

std::size_t Secrets::LongestSize() const {
  return secrets_.empty() ? 0 : secrets_.front().size();
}

}  // namespace aft
