# SPDX-License-Identifier: Apache-2.0
"""Columns of frames as Arrow arrays: every value exactly, or an error."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aft import nested_values
from aft.errors import AftError

_GUESSED = {b"aft": b"guessed"}
# Of Decimals of which more may come: those of Arrow's decimal128, and the fewest behind the
# point that a new column has.
_MOST_DIGITS = 38
_LEAST_SCALE = 9


def to_array(name: str, column: pd.Series[Any]) -> pa.Array:
    """A column's values, none of them changed.

    Raises AftError that names the column when they have no type in common.
    """
    if column.dtype == object and any(map(nested_values.is_nested, column)):
        return _nested(name, column)
    try:
        array = pa.Array.from_pandas(column)
        if column.dtype == object and _has_nanoseconds(column, array.type):
            # Of Python's own objects Arrow expects no more than microseconds.
            array = pa.array(column, type=_in_nanoseconds(array.type), from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _mixed(name, str(error)) from None
    if column.dtype == object:
        if pa.types.is_nested(array.type):
            kinds = {type(value).__name__ for value in column.dropna()}
            raise _refused(name, f"make lists of its values of type {' and '.join(kinds)}")
        _check_unchanged(name, column, array.type)
    return array


def schema_of(frame: pd.DataFrame, names: list[str], arrays: list[pa.Array]) -> pa.Schema:
    """The schema of a DataFrame's columns, where Decimals are marked as such."""
    fields = []
    for at, (name, array) in enumerate(zip(names, arrays)):
        is_object = isinstance(frame.dtypes.iloc[at], np.dtype)
        is_guess = is_object and pa.types.is_decimal(array.type)
        fields.append(pa.field(name, array.type, metadata=_GUESSED if is_guess else None))
    return pa.schema(fields)


def with_room(schema: pa.Schema) -> pa.Schema:
    """The schema of a first frame, whose Decimals leave room for those of later frames."""
    return pa.schema(
        field.with_type(pa.decimal128(_MOST_DIGITS, max(field.type.scale, _LEAST_SCALE)))
        if field.metadata == _GUESSED
        else field
        for field in schema
    )


def guessed_decimals(schema: pa.Schema) -> list[str]:
    """Columns whose decimals have the digits of the values and no declared ones."""
    return [field.name for field in schema if field.metadata == _GUESSED]


def _nested(name: str, column: pd.Series[Any]) -> pa.Array:
    """Lists as Arrow has them if their elements have one type, and else JSON."""
    values = [None if pd.api.types.is_scalar(v) and pd.isna(v) else v for v in column]
    lists = nested_values.as_lists(values, lambda flat: _elements(name, flat))
    return lists if lists is not None else _as_json(name, values, 1)


def _elements(name: str, values: list[Any]) -> pa.Array | None:
    """Elements of lists, where NaN is no NULL; None where they have no type in common."""
    # Not all of these objects are something to Arrow.
    values = [None if value is pd.NA or value is pd.NaT else value for value in values]
    column = pd.Series(values, dtype=object)
    try:
        array = pa.array(values)
        if _has_nanoseconds(column, array.type):
            array = pa.array(values, type=_in_nanoseconds(array.type))
        _check_unchanged(name, column, array.type)
    except (pa.ArrowException, AftError, TypeError, ValueError, OverflowError):
        return None
    return array


def plain(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows in types that a table may have.

    Structs and maps become JSON, and so do lists of them. Raises AftError that names the
    column for extension types but UUIDs and JSON: their storage says something else.
    """
    kinds = [_plain_type(field.name, field.type) for field in reader.schema]
    if kinds == reader.schema.types:
        return reader
    schema = pa.schema([field.with_type(kind) for field, kind in zip(reader.schema, kinds)])

    def batches() -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in reader:
            arrays = [
                column if field.type == kind else _plain_values(field.name, column, kind, rows)
                for field, kind, column in zip(batch.schema, kinds, batch.columns)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            rows += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema, batches())


def in_json(name: str, values: pa.ChunkedArray) -> pa.Array:
    """The JSON texts of a column's values. Raises AftError for what has none."""
    return _as_json(name, values.to_pylist(), 1).storage


def _plain_type(name: str, kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, (pa.UuidType, pa.JsonType)):
        return kind
    if isinstance(kind, pa.BaseExtensionType):
        raise _refused(name, f"no table has a type for {kind}")
    if nested_values.is_list(kind):
        element = _plain_type(name, kind.value_type)
        is_plain = element == kind.value_type and not nested_values.is_list_view(kind)
        if is_plain or isinstance(element, pa.JsonType):
            return kind if is_plain else element
        return pa.large_list(element)
    return nested_values.JSON if pa.types.is_nested(kind) else kind


def _plain_values(name: str, array: pa.Array, kind: pa.DataType, rows: int) -> pa.Array:
    if not isinstance(kind, pa.JsonType):
        return pa.array(array.to_pylist(), type=kind)
    try:
        values = nested_values.from_arrow(array)
    except nested_values.NoJson as error:
        raise _without_json(name, error, rows + 1) from None
    return _as_json(name, values, rows + 1)


def _as_json(name: str, values: Iterable[Any], first_row: int) -> pa.Array:
    try:
        return nested_values.as_json(values)
    except nested_values.NoJson as error:
        raise _without_json(name, error, first_row) from None


def _without_json(name: str, error: nested_values.NoJson, first_row: int) -> AftError:
    return _refused(name, f"row {first_row + error.at} of the frame has no JSON: {error}")


def _has_nanoseconds(column: pd.Series[Any], kind: pa.DataType) -> bool:
    attribute = "nanoseconds" if pa.types.is_duration(kind) else "nanosecond"
    is_temporal = pa.types.is_timestamp(kind) or pa.types.is_duration(kind)
    return is_temporal and any(getattr(value, attribute, 0) for value in column.dropna())


def _in_nanoseconds(kind: pa.DataType) -> pa.DataType:
    return pa.duration("ns") if pa.types.is_duration(kind) else pa.timestamp("ns", kind.tz)


def _check_unchanged(name: str, column: pd.Series[Any], kind: pa.DataType) -> None:
    """Refuse the mixtures of Python objects that Arrow takes by changing some of them."""
    values = column.dropna()
    if pa.types.is_binary(kind) and any(isinstance(value, str) for value in values):
        raise _mixed(name, "some are text and some bytes")
    if isinstance(kind, pa.UuidType) and not all(isinstance(v, uuid.UUID) for v in values):
        raise _mixed(name, "some are UUIDs and some are not")
    if pa.types.is_date(kind) and any(isinstance(v, datetime.datetime) for v in values):
        raise _mixed(name, "some are dates and some dates with a time")
    if pa.types.is_timestamp(kind) and len(set(map(_is_aware, values))) > 1:
        raise _mixed(name, "some have a time zone and some have none")
    if pa.types.is_time(kind) and any(map(_is_aware, values)):
        raise _refused(name, "a time of day with a time zone has no type in a table")


def _is_aware(value: Any) -> bool:
    return getattr(value, "tzinfo", None) is not None


def _mixed(name: str, reason: str) -> AftError:
    return _refused(name, f"its values are not of one type: {reason}")


def _refused(name: str, reason: str) -> AftError:
    return AftError(
        f"cannot write column '{name}': {reason}; convert it first, e.g. with astype()"
    )


_KINDS: tuple[Callable[[pa.DataType], bool], ...] = (
    lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    lambda kind: pa.types.is_integer(kind) or pa.types.is_decimal(kind),
    lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
    lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind),
    lambda kind: pa.types.is_timestamp(kind) and kind.tz is None,
    lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None,
    pa.types.is_duration,
    pa.types.is_time,
    pa.types.is_date,
)


def means_the_same(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a cast keeps the values' meaning, and Arrow refuses what it would round."""
    if pa.types.is_dictionary(given):
        given = given.value_type
    if pa.types.is_dictionary(wanted):
        wanted = wanted.value_type
    if given.equals(wanted) or pa.types.is_null(given):
        return True
    if nested_values.is_list(given) and nested_values.is_list(wanted):
        return means_the_same(given.value_type, wanted.value_type)
    # Between floats Arrow rounds without a word.
    if pa.types.is_floating(given) and pa.types.is_floating(wanted):
        return bool(given.bit_width <= wanted.bit_width)
    return any(is_kind(given) and is_kind(wanted) for is_kind in _KINDS)
