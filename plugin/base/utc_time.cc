// SPDX-License-Identifier: Apache-2.0
#include "plugin/base/utc_time.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "host_shim/error.h"

namespace aft {

std::string UtcTimestamp(std::chrono::system_clock::time_point time) {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::floor<std::chrono::seconds>(time));
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 32> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &fields);
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ",
                static_cast<int>(microseconds.count() % 1'000'000));
  return Text(std::string_view(text.data(), size), fraction.data());
}

}  // namespace aft
