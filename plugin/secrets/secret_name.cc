// SPDX-License-Identifier: Apache-2.0
#include "plugin/secrets/secret_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace aft {
namespace {

// Words of a name that make it a secret's.
constexpr std::array<std::string_view, 9> kSecretWords = {
    "pass", "pw", "pwd", "pat", "jwt", "sas", "bearer", "token", "tokens"};

// The same, for what is also written as one word with others: PGPASSWORD, apikey.
constexpr std::array<std::string_view, 20> kSecretParts = {
    "password",   "passwd",          "passphrase", "passcode",  "secret",
    "credential", "privatekey",      "apikey",     "accesskey", "accountkey",
    "clientkey",  "sharedkey",       "signingkey", "masterkey", "encryptionkey",
    "authkey",    "subscriptionkey", "storagekey", "keyid",     "keyfilejson"};

// A name that ends in one of these tells of a secret, or where it is, but not the secret.
constexpr std::array<std::string_view, 24> kPlainEnds = {
    "path",     "file",       "dir",     "folder",   "location", "method",
    "endpoint", "uri",        "url",     "host",     "type",     "name",
    "arn",      "expiration", "expires", "expiry",   "lifetime", "seconds",
    "timeout",  "command",    "helper",  "provider", "mode",     "enabled"};

bool IsUpper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool IsLower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }
bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// The words of `name` in lower case: of snake_case, kebab-case, CamelCase and UPPER
/// CASE.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool begins =
        IsUpper(c) && i > 0 &&
        (IsLower(name[i - 1]) ||
         (IsUpper(name[i - 1]) && i + 1 < name.size() && IsLower(name[i + 1])));
    if ((begins || !IsWordCharacter(c)) && !words.back().empty()) words.emplace_back();
    if (IsWordCharacter(c))
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

template <typename List>
bool Contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

bool IsSecretName(std::string_view name) {
  const std::vector<std::string> words = WordsOf(name);
  if (words.empty() || Contains(kPlainEnds, words.back())) return false;
  std::string joined;
  for (const std::string& word : words) {
    if (Contains(kSecretWords, word) || word.ends_with("token")) return true;
    joined += word;
  }
  return std::any_of(kSecretParts.begin(), kSecretParts.end(),
                     [&joined](std::string_view part) {
                       return joined.find(part) != std::string::npos;
                     });
}

}  // namespace aft
