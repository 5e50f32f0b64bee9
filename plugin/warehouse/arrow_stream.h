// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "plugin/warehouse/arrow_c.h"

/// Arrow C streams over C++ objects, and batches out of anybody's.
namespace aft {

/// Batches that somebody takes one after the other.
class BatchSource {
 public:
  BatchSource() = default;
  BatchSource(const BatchSource&) = delete;
  BatchSource& operator=(const BatchSource&) = delete;
  virtual ~BatchSource() = default;

  [[nodiscard]] virtual Unique<ArrowSchema> Schema() = 0;
  /// The next batch, or an empty one behind the last.
  [[nodiscard]] virtual Unique<ArrowArray> Next() = 0;
};

/// Makes a C stream of `source`. What it throws is the stream's last error.
Unique<ArrowArrayStream> ExportStream(std::unique_ptr<BatchSource> source);

/// The schema of a stream, and its next batch; errors name what was being done.
Unique<ArrowSchema> TakeSchema(ArrowArrayStream& stream, const std::string& doing);
Unique<ArrowArray> TakeBatch(ArrowArrayStream& stream, const std::string& doing);

}  // namespace aft
