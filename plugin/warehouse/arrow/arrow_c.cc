// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_c.h"

#include <memory>

namespace aft {
namespace {

struct OwnedSchema {
  std::string format;
  std::string name;
  std::vector<Unique<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
};

void ReleaseSchema(ArrowSchema* schema) {
  delete static_cast<OwnedSchema*>(schema->private_data);
  schema->release = nullptr;
}

struct OwnedArray {
  std::vector<std::vector<uint8_t>> buffers;
  std::vector<const void*> buffer_pointers;
  std::vector<Unique<ArrowArray>> children;
  std::vector<ArrowArray*> child_pointers;
};

void ReleaseArray(ArrowArray* array) {
  delete static_cast<OwnedArray*>(array->private_data);
  array->release = nullptr;
}

Unique<ArrowSchema> Own(std::unique_ptr<OwnedSchema> owned) {
  for (Unique<ArrowSchema>& child : owned->children) {
    owned->pointers.push_back(child.get());
  }
  Unique<ArrowSchema> schema;
  schema->format = owned->format.c_str();
  schema->name = owned->name.c_str();
  schema->flags = ARROW_FLAG_NULLABLE;
  schema->n_children = static_cast<int64_t>(owned->pointers.size());
  schema->children = owned->pointers.data();
  schema->release = &ReleaseSchema;
  schema->private_data = owned.release();
  return schema;
}

Unique<ArrowArray> Own(std::unique_ptr<OwnedArray> owned, int64_t length,
                       int64_t null_count) {
  for (Unique<ArrowArray>& child : owned->children) {
    owned->child_pointers.push_back(child.get());
  }
  Unique<ArrowArray> array;
  array->length = length;
  array->null_count = null_count;
  array->n_buffers = static_cast<int64_t>(owned->buffer_pointers.size());
  array->buffers = owned->buffer_pointers.data();
  array->n_children = static_cast<int64_t>(owned->child_pointers.size());
  array->children = owned->child_pointers.data();
  array->release = &ReleaseArray;
  array->private_data = owned.release();
  return array;
}

}  // namespace

Unique<ArrowSchema> MakeSchema(std::string format, std::string name) {
  auto owned = std::make_unique<OwnedSchema>();
  owned->format = std::move(format);
  owned->name = std::move(name);
  return Own(std::move(owned));
}

Unique<ArrowSchema> MakeListSchema(std::string name, Unique<ArrowSchema> element) {
  auto owned = std::make_unique<OwnedSchema>();
  owned->format = "+l";
  owned->name = std::move(name);
  owned->children.push_back(std::move(element));
  return Own(std::move(owned));
}

Unique<ArrowSchema> MakeBatchSchema(std::vector<Unique<ArrowSchema>> columns) {
  auto owned = std::make_unique<OwnedSchema>();
  owned->format = "+s";
  owned->children = std::move(columns);
  Unique<ArrowSchema> schema = Own(std::move(owned));
  schema->flags = 0;
  return schema;
}

namespace {

std::unique_ptr<OwnedArray> OwnBuffers(std::vector<std::vector<uint8_t>> buffers,
                                       int64_t null_count) {
  auto owned = std::make_unique<OwnedArray>();
  owned->buffers = std::move(buffers);
  for (size_t i = 0; i < owned->buffers.size(); ++i) {
    std::vector<uint8_t>& buffer = owned->buffers[i];
    const bool is_missing = i == 0 && null_count == 0;
    // A null pointer says "no bitmap", and nothing else may be null.
    if (!is_missing && buffer.empty()) buffer.reserve(8);
    owned->buffer_pointers.push_back(is_missing ? nullptr : buffer.data());
  }
  return owned;
}

}  // namespace

Unique<ArrowArray> MakeArray(int64_t length, int64_t null_count,
                             std::vector<std::vector<uint8_t>> buffers) {
  return Own(OwnBuffers(std::move(buffers), null_count), length, null_count);
}

Unique<ArrowArray> MakeList(int64_t length, int64_t null_count,
                            std::vector<std::vector<uint8_t>> buffers,
                            Unique<ArrowArray> elements) {
  std::unique_ptr<OwnedArray> owned = OwnBuffers(std::move(buffers), null_count);
  owned->children.push_back(std::move(elements));
  return Own(std::move(owned), length, null_count);
}

Unique<ArrowArray> MakeBatch(int64_t length, std::vector<Unique<ArrowArray>> columns) {
  auto owned = std::make_unique<OwnedArray>();
  owned->buffer_pointers.push_back(nullptr);
  owned->children = std::move(columns);
  return Own(std::move(owned), length, 0);
}

}  // namespace aft
