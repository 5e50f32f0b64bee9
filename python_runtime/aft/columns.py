# SPDX-License-Identifier: Apache-2.0
"""Columns of frames as Arrow arrays: every value exactly, or an error."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from aft.errors import AftError

_GUESSED = {b"aft": b"guessed"}


def to_array(name: str, column: pd.Series[Any]) -> pa.Array:
    """A column's values, none of them changed.

    Raises AftError that names the column when they have no type in common.
    """
    if column.dtype == object and any(map(_is_nested, column)):
        return _as_json(name, column.where(column.notna(), None))
    try:
        array = pa.Array.from_pandas(column)
        if column.dtype == object and _has_nanoseconds(column, array.type):
            # Of Python's own objects Arrow expects no more than microseconds.
            array = pa.array(column, type=_in_nanoseconds(array.type), from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _mixed(name, str(error)) from None
    if column.dtype == object:
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


def guessed_decimals(schema: pa.Schema) -> list[str]:
    """Columns whose decimals have the digits of the values and no declared ones."""
    return [field.name for field in schema if field.metadata == _GUESSED]


def plain(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows in types that a table may have.

    Lists, structs and maps become JSON, UUIDs their usual text. Raises AftError that names
    the column for other extension types, whose storage says something else.
    """
    kinds = [_plain_type(field.name, field.type) for field in reader.schema]
    if kinds == reader.schema.types:
        return reader
    schema = pa.schema([field.with_type(kind) for field, kind in zip(reader.schema, kinds)])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            arrays = [
                column if field.type == kind else _plain_values(field.name, column)
                for field, kind, column in zip(batch.schema, kinds, batch.columns)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _plain_type(name: str, kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, (pa.UuidType, pa.JsonType)) or pa.types.is_nested(kind):
        return pa.string()
    if isinstance(kind, pa.BaseExtensionType):
        raise _refused(name, f"no table has a type for {kind}")
    return kind


def _plain_values(name: str, array: pa.Array) -> pa.Array:
    if isinstance(array.type, pa.JsonType):
        return array.storage.cast(pa.string())
    values = array.to_pylist()
    if isinstance(array.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in values])
    return _as_json(name, values)


def _is_nested(value: Any) -> bool:
    return isinstance(value, (list, tuple, dict, np.ndarray))


def _as_json(name: str, values: Iterable[Any]) -> pa.Array:
    try:
        return pa.array([None if value is None else _json(value) for value in values])
    except (TypeError, ValueError) as error:
        raise _refused(name, f"a value in it has no JSON: {error}") from None


def _json(value: Any) -> str:
    if not _is_nested(value):
        raise TypeError(f"some values are lists or mappings, and one is {value!r}")
    return json.dumps(value, default=_in_json, ensure_ascii=False, allow_nan=False)


def _in_json(value: Any) -> Any:
    """What JSON has for a value of another type."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, Decimal)):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")


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
    # Between floats Arrow rounds without a word.
    if pa.types.is_floating(given) and pa.types.is_floating(wanted):
        return bool(given.bit_width <= wanted.bit_width)
    return any(is_kind(given) and is_kind(wanted) for is_kind in _KINDS)
