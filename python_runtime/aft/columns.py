# SPDX-License-Identifier: Apache-2.0
"""Columns of frames as Arrow arrays: every value exactly, or an error."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa

from aft.errors import AftError


def to_array(name: str, column: pd.Series[Any]) -> pa.Array:
    """A column's values, none of them changed.

    Raises AftError that names the column when they have no type in common.
    """
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
