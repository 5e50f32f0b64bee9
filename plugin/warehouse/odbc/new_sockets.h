// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <set>

namespace aft {

/// The TCP connections that this process opens from now on, by whatever library: ODBC has
/// no way to say how long a server may be silent that is gone without a word.
class NewSockets {
 public:
  NewSockets();

  /// Has the kernel end each of them (tcp(7)) once the other side has not even
  /// acknowledged anything for `longest_silence`, while an answer is awaited or data is
  /// on its way. Whatever is shorter already stays. Does not raise.
  void LimitSilence(std::chrono::seconds longest_silence) const;

 private:
  std::set<int> known_descriptors_;
};

}  // namespace aft
