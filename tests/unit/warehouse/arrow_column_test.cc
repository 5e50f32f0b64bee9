// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/arrow/arrow_column.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::ErrorOf;
using test::TextOf;

/// The values of an array as text, separated by blanks.
std::string Show(const std::string& format, const ArrowArray& array, int64_t offset = 0) {
  const Unique<ArrowSchema> schema = MakeSchema(format, "a");
  ArrowColumn column(*schema, "look");
  column.SetArray(array, offset, array.length - offset);
  std::string text;
  for (int64_t row = 0; row < array.length - offset; ++row) {
    text += (row == 0 ? "" : " ") + TextOf(column, row);
  }
  return text;
}

template <typename T>
Unique<ArrowArray> ArrayOf(const std::vector<T>& values) {
  FixedBuilder<T> builder;
  for (const T value : values) builder.Append(value);
  return builder.Finish();
}

template <typename T>
std::vector<uint8_t> BytesOf(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string RefusalOf(const std::string& format) {
  return ErrorOf([&] {
    const Unique<ArrowSchema> schema = MakeSchema(format, "a");
    const ArrowColumn column(*schema, "write 't'");
  });
}

TEST(ArrowColumn, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(Show("c", *ArrayOf<int8_t>({-128, 127})), "-128 127");
  EXPECT_EQ(Show("C", *ArrayOf<uint8_t>({0, 255})), "0 255");
  EXPECT_EQ(Show("s", *ArrayOf<int16_t>({-32768, 32767})), "-32768 32767");
  EXPECT_EQ(Show("S", *ArrayOf<uint16_t>({65535})), "65535");
  EXPECT_EQ(Show("i", *ArrayOf<int32_t>({-2147483647, 2147483647})),
            "-2147483647 2147483647");
  EXPECT_EQ(Show("I", *ArrayOf<uint32_t>({4294967295})), "4294967295");
  EXPECT_EQ(Show("l", *ArrayOf<int64_t>({std::numeric_limits<int64_t>::min()})),
            "-9223372036854775808");
  EXPECT_EQ(Show("L", *ArrayOf<uint64_t>({std::numeric_limits<uint64_t>::max()})),
            "18446744073709551615");
}

TEST(ArrowColumn, ReadsFloatsOfEveryWidth) {
  EXPECT_EQ(Show("e", *ArrayOf<uint16_t>({0x3C00, 0xC000, 0x0001, 0x7C00, 0xFC00})),
            "1 -2 5.960464477539063e-08 inf -inf");
  EXPECT_EQ(Show("f", *ArrayOf<float>({0.5F, -3.0F})), "0.5 -3");
  EXPECT_EQ(Show("g", *ArrayOf<double>({0.1, 5e-324})), "0.1 5e-324");
}

TEST(ArrowColumn, RefusesDecimalsWhoseTextWouldHaveNoEnd) {
  EXPECT_EQ(Show("d:38,1000", *ArrayOf<Int128>({1})), "0." + std::string(999, '0') + "1");
  EXPECT_THROW(Show("d:38,1001", *ArrayOf<Int128>({1})), Error);
  EXPECT_THROW(Show("d:38,-1001", *ArrayOf<Int128>({1})), Error);
}

TEST(ArrowColumn, ReadsDecimalsOfEveryWidth) {
  EXPECT_EQ(Show("d:9,2,32", *ArrayOf<int32_t>({-12345})), "-123.45");
  EXPECT_EQ(Show("d:18,2,64", *ArrayOf<int64_t>({12345})), "123.45");
  EXPECT_EQ(Show("d:38,2", *ArrayOf<Int128>({-1})), "-0.01");
}

TEST(ArrowColumn, ReadsDatesInDaysAndMilliseconds) {
  EXPECT_EQ(Show("tdD", *ArrayOf<int32_t>({-1})), "-1");
  EXPECT_EQ(Show("tdm", *ArrayOf<int64_t>({-86400000})), "-1");
  EXPECT_EQ(
      ErrorOf([] { Show("tdm", *ArrayOf<int64_t>({1})); }),
      "cannot look: the frame's column 'a' isn't laid out as its Arrow format 'tdm' "
      "says: a date isn't a whole day");
}

TEST(ArrowColumn, ReadsTextsInEachLayout) {
  const std::string bytes = "oneé";
  const std::vector<uint8_t> content(bytes.begin(), bytes.end());

  EXPECT_EQ(Show("u", *MakeArray(2, 0, {{}, BytesOf<int32_t>({0, 3, 5}), content})),
            "one é");
  EXPECT_EQ(Show("U", *MakeArray(2, 0, {{}, BytesOf<int64_t>({0, 3, 5}), content})),
            "one é");
  EXPECT_EQ(Show("w:1", *MakeArray(3, 0, {{}, content})), "o n e");
}

TEST(ArrowColumn, ReadsViewsThatAreInlineAndThatAreNot) {
  const std::string lengthy = "fourteen bytes";
  std::array<char, 32> views{};
  const std::array<int32_t, 5> numbers = {2, 14, 0, 0, 0};
  std::memcpy(views.data(), &numbers[0], 4);
  std::memcpy(views.data() + 4, "ab", 2);
  std::memcpy(views.data() + 16, &numbers[1], 4);
  const std::vector<uint8_t> content(lengthy.begin(), lengthy.end());
  const Unique<ArrowArray> array = MakeArray(
      2, 0, {{}, {views.begin(), views.end()}, content, BytesOf<int64_t>({14})});

  EXPECT_EQ(Show("vu", *array), "ab fourteen bytes");
}

TEST(ArrowColumn, ReadsASliceFromItsOffset) {
  Unique<ArrowArray> array = ArrayOf<int64_t>({1, 2, 3, 4});
  array->offset = 1;
  array->length = 3;

  EXPECT_EQ(Show("l", *array, 1), "3 4");
}

TEST(ArrowColumn, LooksValuesUpInADictionary) {
  Unique<ArrowSchema> schema = MakeSchema("c", "a");
  Unique<ArrowSchema> values_schema = MakeSchema("u", "");
  schema->dictionary = values_schema.get();
  BytesBuilder values;
  values.Append("red");
  values.AppendNull();
  Unique<ArrowArray> dictionary = values.Finish();
  Unique<ArrowArray> array = ArrayOf<int8_t>({0, 1, 2});
  array->dictionary = dictionary.get();

  ArrowColumn column(*schema, "look");
  column.SetArray(*array, 0, 3);

  EXPECT_EQ(column.type().kind, Kind::kText);
  EXPECT_EQ(TextOf(column, 0), "red");
  EXPECT_EQ(TextOf(column, 1), "~");
  EXPECT_EQ(ErrorOf([&] { TextOf(column, 2); }),
            "cannot look: the frame's column 'a' isn't laid out as its Arrow format 'c' "
            "says: an index points outside of its dictionary");
}

TEST(ArrowColumn, RefusesTypesThatNoTableHas) {
  const auto refusal = [](const std::string& what) {
    return "cannot write 't': column 'a' holds " + what +
           ", which no column of a table holds; turn it into text or numbers";
  };

  EXPECT_EQ(RefusalOf("+s"), refusal("structs"));
  EXPECT_EQ(RefusalOf("+m"), refusal("maps"));
  EXPECT_EQ(RefusalOf("tDu"), refusal("durations or intervals"));
  EXPECT_EQ(RefusalOf("d:76,2,256"), refusal("decimals of more than 38 digits"));
  EXPECT_EQ(RefusalOf("+r"), refusal("values of Arrow format '+r'"));
}

TEST(ArrowColumn, NamesTheColumnWhoseElementsItRefuses) {
  const Unique<ArrowSchema> lists = MakeListSchema("a", MakeSchema("tDu", "item"));
  const Unique<ArrowSchema> none = MakeSchema("+l", "a");

  EXPECT_EQ(ErrorOf([&] { const ArrowColumn column(*lists, "look"); }),
            "cannot look: column 'a' holds durations or intervals, which no column of a "
            "table holds; turn it into text or numbers");
  EXPECT_EQ(ErrorOf([&] { const ArrowColumn column(*none, "look"); }),
            "cannot look: the frame's column 'a' isn't laid out as its Arrow format '+l' "
            "says: it has no elements");
}

TEST(ArrowColumn, RefusesListsThatRunBackwards) {
  const Unique<ArrowSchema> schema = MakeListSchema("a", MakeSchema("l", "item"));
  std::vector<std::vector<uint8_t>> buffers(2);
  for (const int32_t offset : {2, 0}) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&offset);
    buffers[1].insert(buffers[1].end(), bytes, bytes + sizeof offset);
  }
  const Unique<ArrowArray> array =
      MakeList(1, 0, std::move(buffers), ArrayOf<int64_t>({1, 2}));
  ArrowColumn column(*schema, "look");
  column.SetArray(*array, 0, 1);

  EXPECT_EQ(ErrorOf([&] { (void)column.List(0); }),
            "cannot look: the frame's column 'a' isn't laid out as its Arrow format '+l' "
            "says: its offsets run backwards");
}

TEST(ArrowColumn, RefusesArraysThatDontFitTheirFormat) {
  const auto refusal = [](const std::string& what) {
    return "cannot look: the frame's column 'a' isn't laid out as its Arrow format 'l' "
           "says: " +
           what;
  };
  Unique<ArrowArray> short_array = ArrayOf<int64_t>({1});

  const Unique<ArrowSchema> schema = MakeSchema("l", "a");
  ArrowColumn column(*schema, "look");

  EXPECT_EQ(ErrorOf([&] { column.SetArray(*short_array, 0, 2); }),
            refusal("it is shorter than the batch"));
  EXPECT_EQ(ErrorOf([] { Show("l", *MakeArray(1, 0, {{}})); }),
            refusal("it has another number of buffers"));
  short_array->length = -1;
  EXPECT_EQ(ErrorOf([&] { Show("l", *short_array); }), refusal("its length is negative"));
}

TEST(ArrowColumn, CountsTheBytesOfItsRows) {
  const Unique<ArrowSchema> schema = MakeSchema("u", "a");
  BytesBuilder builder;
  builder.Append("four");
  builder.AppendNull();
  const Unique<ArrowArray> array = builder.Finish();
  ArrowColumn column(*schema, "look");

  column.SetArray(*array, 0, 2);

  EXPECT_EQ(column.CountBytes(), 1 + 2 * 4 + 4);
}

}  // namespace
}  // namespace aft
