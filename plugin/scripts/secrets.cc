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
  std::size_t begun = 0;
  for (const std::string_view secret : secrets_) {
    for (std::size_t size = std::min(secret.size() - 1, text.size()); size > begun;
         --size)
      if (text.ends_with(secret.substr(0, size))) begun = size;
  }
  return begun == text.size() ? text.size() : text.size() - begun;
}

}  // namespace aft
