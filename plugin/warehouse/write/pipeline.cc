// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/pipeline.h"

#include <unistd.h>

#include <utility>

#include "plugin/warehouse/odbc/without_signals.h"

namespace aft {
Pipeline::~Pipeline() { Join(); }

void Pipeline::Start(std::function<void()> work) {
  Wait();
  const WithoutSignals blocked;
  process_ = ::getpid();
  thread_ = std::jthread([this, work = std::move(work)] {
    try {
      work();
    } catch (...) {
      // For Wait() to throw in the owner's thread.
      error_ = std::current_exception();
    }
  });
}

void Pipeline::Wait() {
  Join();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Pipeline::Join() {
  if (!thread_.joinable()) return;
  // In a fork of the process there is no such thread to wait for.
  if (process_ == ::getpid()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

}  // namespace aft
