// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace aft {
namespace {

/// How many bytes at the start are ASCII, to the last whole eight of them.
size_t LengthOfAscii(std::string_view bytes) {
  uint64_t eight = 0;
  size_t length = 0;
  for (; length + sizeof eight <= bytes.size(); length += sizeof eight) {
    std::memcpy(&eight, bytes.data() + length, sizeof eight);
    if ((eight & 0x8080808080808080U) != 0) break;
  }
  return length;
}

size_t Utf8Length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

void AppendUtf8(std::string& text, uint32_t point) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80 | ((point >> shift) & 0x3F));
  };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  for (size_t i = LengthOfAscii(bytes); i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80) {
      i += std::max<size_t>(LengthOfAscii(bytes.substr(i)), 1);
      continue;
    }
    const size_t length = Utf8Length(lead);
    if (length == 0 || bytes.size() - i < length) return false;
    uint32_t point = lead & (0x7FU >> length);
    for (size_t tail = 1; tail < length; ++tail) {
      const auto byte = static_cast<unsigned char>(bytes[i + tail]);
      if ((byte & 0xC0) != 0x80) return false;
      point = point << 6 | (byte & 0x3FU);
    }
    const bool is_overlong = (length == 3 && point < 0x800) ||
                             (length == 4 && (point < 0x10000 || point > 0x10FFFF));
    if (is_overlong || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

std::optional<std::string> FromUtf16(std::string_view bytes) {
  std::string text;
  const auto unit = [&](size_t at) {
    uint16_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return uint32_t{value};
  };
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    uint32_t point = unit(at);
    if (point >= 0xD800 && point <= 0xDFFF) {
      at += 2;
      const uint32_t low = at + 1 < bytes.size() ? unit(at) : 0;
      if (point >= 0xDC00 || low < 0xDC00 || low > 0xDFFF) return std::nullopt;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    AppendUtf8(text, point);
  }
  if (bytes.size() % 2 != 0) return std::nullopt;
  return text;
}

}  // namespace aft
