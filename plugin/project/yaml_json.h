// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

namespace YAML {
class Node;
}  // namespace YAML

namespace aft {

/// What `node` holds. A plain scalar has the type that YAML 1.1 gives it for dbt; what is
/// in quotation marks is text. Throws YAML::Exception for what is nested without end.
boost::json::value JsonOf(const YAML::Node& node);

}  // namespace aft
