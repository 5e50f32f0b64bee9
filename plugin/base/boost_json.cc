// SPDX-License-Identifier: Apache-2.0
// Debian's libboost_json.a is not position-independent, so the library's source is
// compiled into the plugin.
#include <boost/json/src.hpp>
