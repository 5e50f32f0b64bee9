# SPDX-License-Identifier: Apache-2.0
"""Rows that a database gives as Arrow, as aft promises them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aft import _aft
from aft.transports.decimal_reals import nearest_reals

_Convert = Callable[[pa.Array], pa.Array]
_DAY = {"us": 86_400 * 10**6, "ns": 86_400 * 10**9}
# Where databases keep infinite dates and moments.
_INFINITE = {32: (2**31 - 1, -(2**31 - 1)), 64: (2**63 - 1, -(2**63 - 1))}


class _Unfit(Exception):
    """A value that frames do not hold, by its place among those that are converted."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(text)
        self.at = at


@dataclass
class _Column:
    """What becomes of one column, and how much of it so far."""

    name: str
    of: str  # The relation, for messages.
    decimals: str
    nulls_infinity: bool
    rows: int = 0
    rounded: int = field(default=0)

    def type(self, given: pa.DataType) -> pa.DataType:
        """What values of that type become."""
        if isinstance(given, pa.BaseExtensionType):
            return self.type(given.storage_type)
        if pa.types.is_decimal(given):
            return self._decimal_type(given)
        if pa.types.is_dictionary(given):
            return self.type(given.value_type)
        if pa.types.is_large_string(given) or _is_view(given, "string_view"):
            return pa.string()
        if pa.types.is_large_binary(given) or _is_view(given, "binary_view"):
            return pa.binary()
        if pa.types.is_timestamp(given) and given.tz:
            return pa.timestamp(given.unit, "UTC")
        if _is_list(given):
            return pa.list_(pa.field("item", self.type(given.value_type)))
        if pa.types.is_map(given):
            return pa.map_(self.type(given.key_type), self.type(given.item_type))
        if pa.types.is_struct(given):
            return pa.struct(pa.field(part.name, self.type(part.type)) for part in given)
        return given

    def convert(self, values: pa.Array) -> pa.Array:
        """The values as they become; the next of the column."""
        try:
            converted = self._convert(values)
        except _Unfit as unfit:
            of = f" of {self.of}" if self.of else ""
            row = self.rows + unfit.at + 1
            raise _aft.Error(
                f"cannot read column '{self.name}'{of}, row {row}: {unfit}"
            ) from None
        self.rows += len(values)
        return converted

    def _decimal_type(self, given: pa.DataType) -> pa.DataType:
        if self.decimals == "real":
            return pa.float64() if given.scale > 0 else pa.int64()
        if self.decimals == "float" and given.scale > 0:
            return pa.float64()
        return given

    def _convert(self, values: pa.Array) -> pa.Array:
        kind = values.type
        wanted = self.type(kind)
        if isinstance(kind, pa.BaseExtensionType):
            return self._convert(values.storage)
        if pa.types.is_dictionary(kind):
            return self._convert(values.dictionary_decode())
        if pa.types.is_decimal(kind):
            return values if kind == wanted else self._from_decimals(values, wanted)
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            values = self._without_infinity(values)
        if pa.types.is_time64(kind):
            _check_times(values)
        if _is_list(kind):
            return self._from_lists(values, wanted)
        if pa.types.is_map(kind):
            return self._from_maps(values, wanted)
        if pa.types.is_struct(kind):
            parts = [self._convert(part) for part in values.flatten()]
            return pa.StructArray.from_arrays(
                parts, fields=list(wanted), mask=values.is_null()
            )
        return values if values.type == wanted else values.cast(wanted)

    def _from_decimals(self, values: pa.Array, wanted: pa.DataType) -> pa.Array:
        if pa.types.is_floating(wanted):
            reals, rounded = nearest_reals(values)
            self.rounded += rounded
            return reals
        try:
            return values.cast(wanted)
        except pa.ArrowInvalid:
            row = next(
                at for at, value in enumerate(values.to_pylist()) if not _is_int64(value)
            )
            text = f"{values[row].as_py()} is not one of the 64-bit integers"
            raise _Unfit(row, text) from None

    def _from_lists(self, lists: pa.Array, wanted: pa.DataType) -> pa.Array:
        # Of what lies between two lists or in a NULL, nothing is told.
        regular = lists.cast(pa.list_(lists.type.value_field))
        elements = regular.flatten()
        offsets = pc.cumulative_sum(pc.fill_null(pc.list_value_length(regular), 0))
        starts = pa.concat_arrays([pa.array([0], pa.int32()), offsets.cast(pa.int32())])
        try:
            converted = self._convert(elements)
        except _Unfit as unfit:
            # The first list that ends behind it.
            at = pc.index(pc.greater(offsets, unfit.at), True).as_py()
            raise _Unfit(at, str(unfit)) from None
        return pa.ListArray.from_arrays(starts, converted, type=wanted, mask=regular.is_null())

    def _from_maps(self, maps: pa.Array, wanted: pa.DataType) -> pa.Array:
        entry = pa.struct([maps.type.key_field, maps.type.item_field])
        regular = maps.cast(pa.list_(entry))
        lists = self._from_lists(regular, self.type(regular.type))
        keys, items = lists.values.flatten()
        # A NULL among them makes a NULL of the mapping that it begins.
        starts = pc.if_else(lists.is_valid(), lists.offsets[:-1], None)
        offsets = pa.concat_arrays([starts, lists.offsets[-1:]])
        return pa.MapArray.from_arrays(offsets, keys, items, type=wanted)

    def _without_infinity(self, values: pa.Array) -> pa.Array:
        bits = values.type.bit_width
        numbers = values.view(pa.int32() if bits == 32 else pa.int64())
        is_infinite = pc.is_in(numbers, pa.array(_INFINITE[bits], numbers.type))
        if not pc.any(is_infinite).as_py():
            return values
        if self.nulls_infinity:
            return pc.if_else(is_infinite, pa.scalar(None, values.type), values)
        row = pc.index(is_infinite, True).as_py()
        sign = "-" if numbers[row].as_py() < 0 else ""
        raise _Unfit(
            row,
            f"'{sign}infinity' is not one of the "
            f"{'dates' if bits == 32 else 'timestamps'} that frames can hold; pass "
            'infinite_dates="null" to get NULL',
        )


class ArrowResult:
    """Rows of a query as `_aft.Connection.read` gives them; see there for the arguments."""

    def __init__(
        self,
        schema: pa.Schema,
        batches: Iterator[pa.RecordBatch],
        *,
        decimals: str = "declared",
        nulls_infinity: bool = False,
        relation: str = "",
    ) -> None:
        self._columns = [
            _Column(name, relation, decimals, nulls_infinity) for name in schema.names
        ]
        self._schema = pa.schema(
            pa.field(entry.name, column.type(entry.type))
            for column, entry in zip(self._columns, schema)
        )
        self._batches = batches
        self._failure: BaseException | None = None

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream in a capsule; once."""
        reader = pa.RecordBatchReader.from_batches(self._schema, self._converted())
        return reader.__arrow_c_stream__(requested_schema)

    def raise_failure(self) -> None:
        """Raise what the stream has failed with, if it has."""
        if self._failure is not None:
            raise self._failure

    def rounded(self) -> dict[str, int]:
        """By column: decimals read so far that became doubles without all digits."""
        return {column.name: column.rounded for column in self._columns if column.rounded}

    def _converted(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches:
                arrays = [
                    column.convert(values)
                    for column, values in zip(self._columns, batch.columns)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        except BaseException as error:
            self._failure = error
            raise


def _check_times(values: pa.Array) -> None:
    """DuckDB has a time at the end of a day."""
    end = _DAY[values.type.unit]
    is_end = pc.greater_equal(values.view(pa.int64()), end)
    if pc.any(is_end).as_py():
        raise _Unfit(
            pc.index(is_end, True).as_py(),
            "'24:00:00' is not one of the times that frames can hold; cast it in the query to "
            "text",
        )


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or _is_view(kind, "list_view")
    )


def _is_view(kind: pa.DataType, name: str) -> bool:
    return str(kind).startswith(name)


def _is_int64(value: Any) -> bool:
    return value is None or -(2**63) <= value < 2**63
