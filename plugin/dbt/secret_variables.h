// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

namespace aft {

/// Puts "*****" in the place of what is secret in the value of `--vars`: what has a
/// secret's name, passwords of addresses, and what dbt takes from the environment as
/// secret. Says whether there was any, also in text that was masked before.
bool MaskSecrets(boost::json::value& variables);

}  // namespace aft
