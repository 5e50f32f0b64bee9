// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/read/fetch_ahead.h"

#include "plugin/warehouse/odbc/without_signals.h"

namespace aft {
const RowBlock* FetchAhead::Next() {
  if (given_ == 0) return FetchFirst();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return filled_ > given_ || is_at_end_ || failure_; });
  if (filled_ == given_) {
    if (failure_) std::rethrow_exception(failure_);
    return nullptr;
  }
  const RowBlock* const block = &blocks_[given_ % blocks_.size()];
  ++given_;
  changed_.notify_all();
  return block;
}

const RowBlock* FetchAhead::FetchFirst() {
  if (filled_ == 0 && !is_at_end_ && !failure_) {
    Fill();
    // What is short ends here, and its user's thread can see that as well.
    if (filled_ == 1 && cursor_.is_near_end()) Fill();
  }
  if (filled_ == 0) {
    if (failure_) std::rethrow_exception(failure_);
    return nullptr;
  }
  given_ = 1;
  if (!is_at_end_ && !failure_) {
    const WithoutSignals blocked;
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  return blocks_.data();
}

void FetchAhead::Fill() {
  RowBlock& block = blocks_[filled_ % blocks_.size()];
  bool has_rows = false;
  std::exception_ptr failure;
  // It goes to the user's thread.
  try {
    has_rows = cursor_.Fill(block);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  is_at_end_ = !has_rows;
  if (has_rows) ++filled_;
  changed_.notify_all();
}

void FetchAhead::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!is_at_end_) {
    // The block that the user holds is the one given last.
    const auto has_room = [&] { return filled_ - given_ < blocks_.size() - 1; };
    if (!changed_.wait(lock, stop, has_room) || stop.stop_requested()) return;
    lock.unlock();
    Fill();
    lock.lock();
  }
}

}  // namespace aft
