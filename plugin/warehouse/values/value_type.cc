// SPDX-License-Identifier: Apache-2.0
#include "plugin/warehouse/values/value_type.h"

#include "host_shim/error.h"

namespace aft {
namespace {

std::string IntegerFormat(const ValueType& type) {
  switch (type.bits) {
    case 8:
      return type.is_unsigned ? "C" : "c";
    case 16:
      return type.is_unsigned ? "S" : "s";
    case 32:
      return type.is_unsigned ? "I" : "i";
    default:
      return type.is_unsigned ? "L" : "l";
  }
}

char UnitLetter(int digits) {
  switch (digits) {
    case 0:
      return 's';
    case 3:
      return 'm';
    case 6:
      return 'u';
    default:
      return 'n';
  }
}

}  // namespace

const ValueType& Leaf(const ValueType& type) {
  const ValueType* leaf = &type;
  while (leaf->kind == Kind::kList) leaf = &leaf->element.front();
  return *leaf;
}

int Depth(const ValueType& type) {
  return type.kind == Kind::kList ? 1 + Depth(type.element.front()) : 0;
}

std::string Describe(const ValueType& type) {
  switch (type.kind) {
    case Kind::kNull:
      return "nulls";
    case Kind::kBoolean:
      return "booleans";
    case Kind::kInteger:
      return "integers";
    case Kind::kReal:
      return "doubles";
    case Kind::kDecimal:
      return Text("decimals of ", type.precision, " digits");
    case Kind::kText:
      return "text";
    case Kind::kBinary:
      return "bytes";
    case Kind::kDate:
      return "dates";
    case Kind::kTime:
      return "times of day";
    case Kind::kUuid:
      return "UUIDs";
    case Kind::kJson:
      return "JSON";
    case Kind::kList:
      return "lists of " + Describe(type.element.front());
    case Kind::kTimestamp:
      return type.has_zone ? "timestamps with a time zone" : "timestamps";
  }
  return "values";
}

std::string ArrowFormat(const ValueType& type) {
  switch (type.kind) {
    case Kind::kNull:
      return "n";
    case Kind::kBoolean:
      return "b";
    case Kind::kInteger:
      return IntegerFormat(type);
    case Kind::kReal:
      return "g";
    case Kind::kDecimal:
      return Text("d:", type.precision, ",", type.scale);
    case Kind::kText:
    case Kind::kUuid:
    case Kind::kJson:
      return "u";
    case Kind::kBinary:
      return "z";
    case Kind::kList:
      return "+l";
    case Kind::kDate:
      return "tdD";
    case Kind::kTime:
      return std::string("tt") + UnitLetter(type.digits);
    case Kind::kTimestamp:
      return Text("ts", UnitLetter(type.digits), ":", type.has_zone ? "UTC" : "");
  }
  return "n";
}

}  // namespace aft
