// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <exception>
#include <functional>
#include <thread>

namespace aft {

/// Does one piece of work in a thread of its own while its owner prepares the next.
class Pipeline {
 public:
  Pipeline() = default;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  /// Waits, and drops an error that nobody has asked for.
  ~Pipeline();

  /// Begins `work` once the piece before it is done, whose error it throws if it failed.
  void Start(std::function<void()> work);
  /// Until all is done. Throws what the work has thrown.
  void Wait();

 private:
  void Join();

  std::exception_ptr error_;
  pid_t process_ = -1;
  std::jthread thread_;
};

}  // namespace aft
