// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/write/array_encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "plugin/warehouse/dialects/postgres_type.h"
#include "tests/unit/warehouse/database.h"

namespace aft {
namespace {

using test::Frame;

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return hex;
}

/// The elements that a frame's one column becomes for a column of that type of
/// PostgreSQL's, from `from` on, as hexadecimal digits.
std::string Encode(Frame frame, std::string_view type, int64_t from = 0) {
  const Unique<ArrowSchema> schema = frame.TakeSchema();
  const Unique<ArrowArray> batch = frame.TakeBatch();
  ArrowColumn column(*schema->children[0], "test");
  const ColumnType target = ReadPostgresType(type, -1);
  const ColumnFit fit = FitColumn(column.type(), target).value();
  ArrayEncoder encoder(
      FittedColumn(std::move(column), {"a", std::string(type), target}, fit, "test"));
  encoder.column().SetArray(*batch->children[0], 0, batch->length, 0);
  std::string array;
  encoder.Append(from, batch->length - from, array);
  return Hex(array);
}

TEST(ArrayEncoder, WritesTheHeaderThatPostgresqlReads) {
  std::string array(kArrayHeader, '\0');

  PutArrayHeader(array, ArrayElement::kInt8, 3);

  EXPECT_EQ(Hex(array), "0000000100000001000000140000000300000001");
}

TEST(ArrayEncoder, WritesNumbersBigEndianAndTheirLengths) {
  EXPECT_EQ(Encode(Frame().Integers("a", {1, std::nullopt, -2}), "int8"),
            "000000080000000000000001ffffffff00000008fffffffffffffffe");
  EXPECT_EQ(Encode(Frame().Integers("a", {-2}), "int4"), "00000004fffffffe");
  EXPECT_EQ(Encode(Frame().Integers("a", {258}), "int2"), "000000020102");
  EXPECT_EQ(Encode(Frame().Reals("a", {1.5}), "float8"), "000000083ff8000000000000");
  EXPECT_EQ(Encode(Frame().Reals("a", {1.5}), "float4"), "000000043fc00000");
  EXPECT_EQ(Encode(Frame().Booleans("a", {true, false}), "bool"), "00000001010000000100");
  EXPECT_EQ(Encode(Frame().Booleans("a", {true}), "int2"), "000000020001");
}

TEST(ArrayEncoder, WritesTextsAndBytesAsTheyAre) {
  EXPECT_EQ(Encode(Frame().Texts("a", {"", "ü", std::nullopt}), "text"),
            "0000000000000002c3bcffffffff");
  EXPECT_EQ(Encode(Frame().Bytes("a", {std::string("\0\xff", 2)}), "bytea"),
            "0000000200ff");
  EXPECT_EQ(Encode(Frame().Booleans("a", {true}), "text"), "0000000474727565");
}

TEST(ArrayEncoder, CountsTimeFromTheYear2000InMicroseconds) {
  EXPECT_EQ(Encode(Frame().Fixed<int32_t>("tdD", "a", {10956}), "date"),
            "00000004ffffffff");
  EXPECT_EQ(Encode(Frame().Fixed<int64_t>("tss:", "a", {946684801}), "timestamp"),
            "0000000800000000000f4240");
  EXPECT_EQ(
      Encode(Frame().Fixed<int64_t>("tsn:UTC", "a", {946684799999999000}), "timestamptz"),
      "00000008ffffffffffffffff");
  EXPECT_EQ(Encode(Frame().Fixed<int32_t>("tdD", "a", {10957}), "timestamp"),
            "000000080000000000000000");
  EXPECT_EQ(Encode(Frame().Fixed<int64_t>("tsu:", "a", {946684800000000}), "date"),
            "0000000400000000");
  EXPECT_EQ(Encode(Frame().Fixed<int64_t>("ttn", "a", {2000}), "time"),
            "000000080000000000000002");
}

TEST(ArrayEncoder, WritesDecimalsInGroupsOfFourDigitsFromThePointOn) {
  const auto encode = [](Int128 value, const std::string& format) {
    return Encode(Frame().Fixed<Int128>(format, "a", {value}), "numeric");
  };
  constexpr Int128 kMost = (Int128{0x4b3b4ca85a86c47a} << 64) + 0x098a223fffffffff;

  // Length, then number of groups, weight of the first, sign, scale; then the groups.
  EXPECT_EQ(encode(1234567, "d:12,2"), "0000000e0003000100000002000109291a2c");
  EXPECT_EQ(encode(-1, "d:12,2"), "0000000a0001ffff400000020064");
  EXPECT_EQ(encode(0, "d:12,0"), "000000080000000000000000");
  EXPECT_EQ(encode(1, "d:12,8"), "0000000a0001fffe000000080001");
  EXPECT_EQ(encode(kMost, "d:38,1"),
            "0000001e000b0009000000010009270f270f270f270f270f270f270f270f270f2328");
}

TEST(ArrayEncoder, BeginsAtAnyRow) {
  EXPECT_EQ(Encode(Frame().Integers("a", {1, std::nullopt, 3}), "int2", 1),
            "ffffffff000000020003");
}

}  // namespace
}  // namespace aft
