// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugin/warehouse/arrow/arrow_c.h"

/// Arrow C streams over C++ objects, and batches out of anybody's.
namespace aft {

/// How many decimals of a column became doubles that lack some of their digits.
struct RoundedValues {
  std::string column;
  int64_t count = 0;
};

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
  /// Of the batches so far.
  [[nodiscard]] virtual std::vector<RoundedValues> Rounded() const { return {}; }
};

/// Makes a C stream of `source`. What it throws is the stream's last error.
Unique<ArrowArrayStream> ExportStream(std::unique_ptr<BatchSource> source);

/// The schema of a stream, and its next batch; errors name what was being done.
Unique<ArrowSchema> TakeSchema(ArrowArrayStream& stream, const std::string& doing);
Unique<ArrowArray> TakeBatch(ArrowArrayStream& stream, const std::string& doing);

}  // namespace aft
