// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace aft {

/// Whether a setting of this name holds a secret: a field of a dbt profile, an attribute
/// of an ODBC connection string or a key of a JSON key file, in any case and style
/// (`client_secret`, `AccountKey`, `PWD`). The one list of such names.
bool IsSecretName(std::string_view name);

}  // namespace aft
