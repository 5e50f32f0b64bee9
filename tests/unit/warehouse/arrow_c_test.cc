// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_stream.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::ErrorOf;
using test::Frame;
using test::StreamOf;

/// Counts how often it is released.
struct Counted {
  void (*release)(Counted*) = nullptr;
  int* releases = nullptr;
};

Unique<Counted> MakeCounted(int& releases) {
  Unique<Counted> counted;
  counted->release = [](Counted* self) {
    ++*self->releases;
    self->release = nullptr;
  };
  counted->releases = &releases;
  return counted;
}

class Failing final : public BatchSource {
 public:
  Unique<ArrowSchema> Schema() override { throw std::bad_alloc(); }
  Unique<ArrowArray> Next() override { throw std::runtime_error("no more paper"); }
};

TEST(Unique, ReleasesOnceHoweverItIsMoved) {
  int releases = 0;

  {
    Unique<Counted> first = MakeCounted(releases);
    Unique<Counted> second = std::move(first);
    first = std::move(second);
    EXPECT_TRUE(second.IsEmpty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(releases, 0);
  }

  EXPECT_EQ(releases, 1);
}

TEST(Unique, LeavesTheReleaseToWhomItMovesTo) {
  int releases = 0;
  Counted taken;

  MakeCounted(releases).MoveTo(&taken);
  EXPECT_EQ(releases, 0);

  taken.release(&taken);
  EXPECT_EQ(releases, 1);
}

TEST(ArrowStream, GivesBatchesAndThenAnEmptyOne) {
  Unique<ArrowArrayStream> stream = StreamOf(Frame().Integers("a", {1, 2}));

  const Unique<ArrowSchema> schema = TakeSchema(*stream, "look");
  EXPECT_STREQ(schema->children[0]->name, "a");
  EXPECT_EQ(TakeBatch(*stream, "look")->length, 2);
  EXPECT_TRUE(TakeBatch(*stream, "look").IsEmpty());
}

TEST(ArrowStream, PassesOnWhatItsSourceThrew) {
  Unique<ArrowArrayStream> stream = ExportStream(std::make_unique<Failing>());

  EXPECT_EQ(ErrorOf([&] { (void)TakeBatch(*stream, "write 't'"); }),
            "cannot write 't': the frame's next batch failed: no more paper");
  EXPECT_EQ(ErrorOf([&] { (void)TakeSchema(*stream, "write 't'"); }),
            "cannot write 't': the frame gives no schema: Cannot allocate memory");
}

TEST(ArrowStream, ReportsErrorsByNumberToC) {
  Unique<ArrowArrayStream> stream = ExportStream(std::make_unique<Failing>());
  Unique<ArrowSchema> schema;
  Unique<ArrowArray> batch;

  EXPECT_EQ(stream->get_schema(stream.get(), schema.get()), ENOMEM);
  EXPECT_EQ(stream->get_next(stream.get(), batch.get()), EIO);
  EXPECT_STREQ(stream->get_last_error(stream.get()), "no more paper");
}

TEST(ArrowStream, RefusesStreamsOfSingleValues) {
  class Numbers final : public BatchSource {
   public:
    Unique<ArrowSchema> Schema() override { return MakeSchema("l", "a"); }
    Unique<ArrowArray> Next() override { return {}; }
  };
  Unique<ArrowArrayStream> stream = ExportStream(std::make_unique<Numbers>());

  EXPECT_EQ(ErrorOf([&] { (void)TakeSchema(*stream, "write 't'"); }),
            "cannot write 't': the stream holds values of Arrow format 'l' and not rows; "
            "pass a frame");
}

TEST(ArrowArray, HasNoBitmapWhereNothingIsNull) {
  FixedBuilder<int64_t> builder;
  builder.Append(1);
  EXPECT_EQ(builder.Finish()->buffers[0], nullptr);

  builder.AppendNull();
  const Unique<ArrowArray> array = builder.Finish();
  EXPECT_EQ(array->length, 1);
  EXPECT_EQ(array->null_count, 1);
  ASSERT_NE(array->buffers[0], nullptr);
}

}  // namespace
}  // namespace aft
