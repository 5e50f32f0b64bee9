// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

namespace aft {

/// What stands at a place in JSON that others have written. Whatever is not there, or is
/// of another kind than is asked for, is as good as nothing: nullptr or "".

[[nodiscard]] const boost::json::object* ObjectAt(const boost::json::object& object,
                                                  std::string_view key);
[[nodiscard]] std::string StringAt(const boost::json::object& object,
                                   std::string_view key);

using JsonPath = std::initializer_list<std::string_view>;

[[nodiscard]] const boost::json::value* ValueAt(const boost::json::value& value,
                                                JsonPath path);
[[nodiscard]] std::string StringAt(const boost::json::value& value, JsonPath path);

}  // namespace aft
