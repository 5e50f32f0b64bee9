// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_stream.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "host_shim/error.h"

namespace aft {
namespace {

struct OwnedStream {
  std::unique_ptr<BatchSource> source;
  std::string error;
};

/// Runs `work` at the border to C, where exceptions end.
template <typename Work>
int Guard(OwnedStream& stream, const Work& work) noexcept {
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    stream.error.clear();
    return ENOMEM;
  } catch (const std::exception& error) {
    try {
      stream.error = error.what();
    } catch (...) {
      stream.error.clear();
    }
  } catch (...) {
    stream.error.clear();
  }
  return EIO;
}

OwnedStream& StreamOf(ArrowArrayStream* stream) {
  return *static_cast<OwnedStream*>(stream->private_data);
}

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  OwnedStream& owned = StreamOf(stream);
  return Guard(owned, [&] { owned.source->Schema().MoveTo(out); });
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  OwnedStream& owned = StreamOf(stream);
  return Guard(owned, [&] { owned.source->Next().MoveTo(out); });
}

const char* GetLastError(ArrowArrayStream* stream) {
  return StreamOf(stream).error.c_str();
}

void ReleaseStream(ArrowArrayStream* stream) {
  delete &StreamOf(stream);
  stream->release = nullptr;
}

std::string LastError(ArrowArrayStream& stream, int code) {
  const char* text =
      stream.get_last_error == nullptr ? nullptr : stream.get_last_error(&stream);
  return text == nullptr || *text == '\0' ? std::strerror(code) : text;
}

}  // namespace

Unique<ArrowArrayStream> ExportStream(std::unique_ptr<BatchSource> source) {
  auto owned = std::make_unique<OwnedStream>();
  owned->source = std::move(source);
  Unique<ArrowArrayStream> stream;
  stream->get_schema = &GetSchema;
  stream->get_next = &GetNext;
  stream->get_last_error = &GetLastError;
  stream->release = &ReleaseStream;
  stream->private_data = owned.release();
  return stream;
}

Unique<ArrowSchema> TakeSchema(ArrowArrayStream& stream, const std::string& doing) {
  Unique<ArrowSchema> schema;
  const int code = stream.get_schema(&stream, schema.get());
  if (code != 0) {
    throw Error(
        Text("cannot ", doing, ": the frame gives no schema: ", LastError(stream, code)));
  }
  if (std::string_view(schema->format) != "+s") {
    throw Error(Text("cannot ", doing, ": the stream holds values of Arrow format '",
                     schema->format, "' and not rows; pass a frame"));
  }
  return schema;
}

Unique<ArrowArray> TakeBatch(ArrowArrayStream& stream, const std::string& doing) {
  Unique<ArrowArray> batch;
  const int code = stream.get_next(&stream, batch.get());
  if (code != 0) {
    throw Error(Text("cannot ", doing,
                     ": the frame's next batch failed: ", LastError(stream, code)));
  }
  return batch;
}

}  // namespace aft
