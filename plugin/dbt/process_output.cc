// SPDX-License-Identifier: Apache-2.0
#include "plugin/dbt/process_output.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "host_shim/child_process.h"

namespace aft {
namespace {

constexpr std::chrono::seconds kLongestAnswer{30};

}  // namespace

std::string OutputOf(std::vector<std::string> argv, std::vector<std::string> environment,
                     const std::function<bool(const std::string& text)>& is_enough) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.environment = std::move(environment);
  options.standard_input = ProcessOptions::Input::kNull;
  options.standard_output = ProcessOptions::Output::kCaptured;
  options.standard_error = ProcessOptions::Output::kCaptured;
  ChildProcess process(std::move(options));
  const Fd output = process.TakeOutput();
  const auto deadline = std::chrono::steady_clock::now() + kLongestAnswer;
  std::string text;
  while (!is_enough(text)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd entry{output.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) == 0)
      break;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(output.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  process.TerminateAndReap(std::chrono::seconds(1));
  return text;
}

}  // namespace aft
