// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/borrowed.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aft {
namespace {

/// The bytes of metadata as the interface lays them out: a count, then keys and values,
/// each behind its length.
std::string CopyMetadata(const char* metadata) {
  if (metadata == nullptr) return "";
  size_t at = 0;
  const auto read = [&] {
    int32_t number = 0;
    std::memcpy(&number, metadata + at, sizeof number);
    at += sizeof number;
    return number;
  };
  for (int32_t texts = read() * 2; texts > 0; --texts) {
    const int32_t length = read();
    at += static_cast<size_t>(length);
  }
  return {metadata, at};
}

struct CopiedSchema {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<Unique<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
  std::optional<Unique<ArrowSchema>> dictionary;
};

void ReleaseCopy(ArrowSchema* schema) {
  delete static_cast<CopiedSchema*>(schema->private_data);
  schema->release = nullptr;
}

void ReleaseNothing(ArrowArray* array) { array->release = nullptr; }

}  // namespace

Unique<ArrowSchema> CopySchema(const ArrowSchema& schema) {
  auto copied = std::make_unique<CopiedSchema>();
  copied->format = schema.format;
  copied->name = schema.name == nullptr ? "" : schema.name;
  copied->metadata = CopyMetadata(schema.metadata);
  for (int64_t i = 0; i < schema.n_children; ++i) {
    copied->children.push_back(CopySchema(*schema.children[i]));
  }
  for (Unique<ArrowSchema>& child : copied->children) {
    copied->pointers.push_back(child.get());
  }
  if (schema.dictionary != nullptr) {
    copied->dictionary = CopySchema(*schema.dictionary);
  }
  Unique<ArrowSchema> copy;
  copy->format = copied->format.c_str();
  copy->name = copied->name.c_str();
  copy->metadata = schema.metadata == nullptr ? nullptr : copied->metadata.data();
  copy->flags = schema.flags;
  copy->n_children = schema.n_children;
  copy->children = copied->pointers.data();
  copy->dictionary = copied->dictionary ? copied->dictionary->get() : nullptr;
  copy->release = &ReleaseCopy;
  copy->private_data = copied.release();
  return copy;
}

Unique<ArrowArray> BorrowRows(const ArrowArray& array, int64_t from, int64_t count) {
  Unique<ArrowArray> rows;
  *rows = array;
  rows->offset += from;
  rows->length = count;
  // Of the part nobody has counted them.
  if (array.null_count != 0) rows->null_count = -1;
  rows->release = &ReleaseNothing;
  rows->private_data = nullptr;
  return rows;
}

}  // namespace aft
