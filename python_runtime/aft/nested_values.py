# SPDX-License-Identifier: Apache-2.0
"""Lists, mappings and arrays in a frame's column, as Arrow lists or as JSON."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

JSON: pa.DataType = pa.json_(pa.string())

_LISTS = (list, tuple, set, frozenset, np.ndarray)


class NoJson(ValueError):
    """A value that JSON does not have; ``at`` is its place among those given."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at


def is_nested(value: Any) -> bool:
    """Whether the value has others in it."""
    return isinstance(value, (*_LISTS, dict))


def is_list(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of lists, of whichever layout."""
    return (
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or is_list_view(kind)
    )


def is_list_view(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of lists that may lie in any order."""
    return bool(pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind))


def as_lists(
    values: list[Any], to_array: Callable[[list[Any]], pa.Array | None]
) -> pa.Array | None:
    """Lists, or lists of lists, whose elements ``to_array`` makes an array of.

    None where some are mappings or single values, or where it gives None.
    """
    given = [value for value in values if value is not None]
    if not all(map(_is_list, given)):
        return None
    flat = _joined(given)
    if isinstance(flat, list) and any(map(is_nested, flat)):
        elements = as_lists(flat, to_array)
    else:
        elements = pa.array(flat) if isinstance(flat, np.ndarray) else to_array(flat)
    if elements is None:
        return None
    sizes = np.fromiter((0 if v is None else len(v) for v in values), np.int64, len(values))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    nulls = pa.array([value is None for value in values])
    return pa.LargeListArray.from_arrays(pa.array(offsets), elements, mask=nulls)


def _is_list(value: Any) -> bool:
    return isinstance(value, _LISTS) and not (isinstance(value, np.ndarray) and not value.ndim)


def _joined(lists: list[Any]) -> Any:
    """All elements: an array where the lists are arrays of one type, and else a list."""
    arrays = [value for value in lists if isinstance(value, np.ndarray) and value.ndim == 1]
    kinds = {array.dtype for array in arrays}
    are_alike = len(arrays) == len(lists) and len(kinds) == 1
    if are_alike and all(kind.kind in "biufM" for kind in kinds):
        return np.concatenate(arrays)
    return [element for value in lists for element in value]


def from_arrow(array: pa.Array) -> list[Any]:
    """Structs, maps and lists of them as Python's dictionaries and lists. Raises NoJson."""
    values = []
    for at, value in enumerate(array):
        try:
            values.append(value.as_py(maps_as_pydicts="strict"))
        except KeyError:
            raise NoJson(at, "it is a map with a key that is there twice") from None
        except ValueError as error:
            raise NoJson(at, str(error)) from None
    return values


def as_json(values: Iterable[Any]) -> pa.Array:
    """Each value as JSON text, and None as NULL. Raises NoJson."""
    texts = [None if value is None else _text(at, value) for at, value in enumerate(values)]
    return pa.ExtensionArray.from_storage(JSON, pa.array(texts, pa.string()))


def _text(at: int, value: Any) -> str:
    try:
        if not is_nested(value):
            raise TypeError(f"other values are lists or mappings, and this is {value!r}")
        _check_keys(value)
        return json.dumps(value, default=_in_json, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NoJson(at, str(error)) from None


def _check_keys(value: Any) -> None:
    """Refuse the keys that ``json`` makes texts of, or leaves in twice."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"its key {key!r} is no text")
            _check_keys(inner)
    elif isinstance(value, (list, tuple)) or _has_objects(value):
        for inner in value:
            if is_nested(inner):
                _check_keys(inner)


def _has_objects(value: Any) -> bool:
    """Whether it is an array that may have mappings in it."""
    return isinstance(value, np.ndarray) and value.dtype == object and value.ndim > 0


def _in_json(value: Any) -> Any:
    """What JSON has for a value of another type."""
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.ndarray):
        return list(value) if value.ndim else value.item()
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic) and not isinstance(value, np.timedelta64):
        return value.item()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID) or (isinstance(value, Decimal) and value.is_finite()):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r}")
