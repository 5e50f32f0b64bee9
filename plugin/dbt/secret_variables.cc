// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/secret_variables.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "plugin/secrets/secret_name.h"
#include "plugin/secrets/secrets.h"

namespace aft {
namespace {

namespace json = boost::json;

constexpr std::string_view kMask = "*****";

/// dbt's own rule for variables of the environment.
Secrets SecretsOfEnvironment() {
  Secrets secrets;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("DBT_ENV_SECRET"))
      secrets.Add(variable.substr(variable.find('=') + 1));
  }
  return secrets;
}

bool Mask(json::value& value, const Secrets& secrets, bool has_secret_name) {
  bool has_secret = false;
  if (json::object* object = value.if_object()) {
    for (auto& [name, below] : *object)
      has_secret |= Mask(below, secrets, has_secret_name || IsSecretName(name));
  } else if (json::array* list = value.if_array()) {
    for (json::value& below : *list) has_secret |= Mask(below, secrets, has_secret_name);
  } else if (has_secret_name && !value.is_null() && !value.is_bool()) {
    value = kMask;
    has_secret = true;
  } else if (json::string* text = value.if_string()) {
    *text = secrets.Masked(*text);
    has_secret = text->find(kMask) != json::string::npos;
  }
  return has_secret;
}

}  // namespace

bool MaskSecrets(json::value& variables) {
  return Mask(variables, SecretsOfEnvironment(), false);
}

}  // namespace aft
