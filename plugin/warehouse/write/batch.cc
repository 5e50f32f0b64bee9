// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/batch.h"

#include <cstdint>

#include "host_shim/error.h"

namespace aft {

void CheckBatch(const ArrowArray& batch, size_t columns, const std::string& doing) {
  if (batch.n_children != static_cast<int64_t>(columns) || batch.length < 0 ||
      batch.offset < 0) {
    throw Error(Text("cannot ", doing, ": a batch has ", batch.n_children,
                     " columns where the frame's schema has ", columns));
  }
  if (batch.n_buffers < 1 || batch.buffers[0] == nullptr || batch.null_count == 0) return;
  const auto* const bitmap = static_cast<const uint8_t*>(batch.buffers[0]);
  for (int64_t at = batch.offset; at < batch.offset + batch.length; ++at) {
    if ((bitmap[at / 8] >> (at % 8) & 1) != 0) continue;
    throw Error(Text("cannot ", doing, ": a whole row of the frame is null"));
  }
}

std::string RowsOfFrame(int64_t first, int64_t count) {
  return count == 1 ? Text("in row ", first, " of the frame")
                    : Text("in rows ", first, " to ", first + count - 1, " of the frame");
}

}  // namespace aft
