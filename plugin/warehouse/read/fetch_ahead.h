// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>

#include "plugin/warehouse/read/block_cursor.h"

namespace aft {

/// Fetches the blocks of a cursor in a thread of its own while its user works on those
/// before. The first block is fetched in the user's thread, and a result that ends there
/// never needs another.
///
/// To be destroyed, it waits for the fetch that is under way. In a fork of the process it
/// must not be used, nor destroyed.
class FetchAhead {
 public:
  /// `cursor` has to outlive it.
  explicit FetchAhead(BlockCursor& cursor) : cursor_(cursor) {}
  FetchAhead(const FetchAhead&) = delete;
  FetchAhead& operator=(const FetchAhead&) = delete;
  ~FetchAhead() = default;

  /// The next block, which is good until the next call; nothing behind the last one.
  /// Throws what the fetch has thrown, and again when called again.
  [[nodiscard]] const RowBlock* Next();

 private:
  [[nodiscard]] const RowBlock* FetchFirst();
  /// Fills the next block or finds the end; a failure is kept for Next().
  void Fill();
  void Run(const std::stop_token& stop);

  BlockCursor& cursor_;
  /// One is read, one is ready, one is filled.
  std::array<RowBlock, 3> blocks_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  /// How many blocks were filled, and how many given to the user.
  size_t filled_ = 0;
  size_t given_ = 0;
  bool is_at_end_ = false;
  std::exception_ptr failure_;
  std::jthread thread_;
};

}  // namespace aft
