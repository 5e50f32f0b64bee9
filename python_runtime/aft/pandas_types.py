# SPDX-License-Identifier: Apache-2.0
"""Arrow tables as DataFrames whose columns scripts can compute with.

A column's type follows the declared type, not the values: another day's values do not
change it, but where float64 would round integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.pandas_compat  # Else pyarrow imports it at a script's first conversion.

from aft.errors import AftError

# Beyond, float64 no longer tells neighbouring integers apart.
_EXACT_IN_FLOAT64 = 2**53


def to_pandas(table: pa.Table, name: str, *, decimals: str, dates: str) -> pd.DataFrame:
    """A DataFrame of the rows of what messages call ``name``.

    With ``decimals="float"`` decimals without a scale become int64, and others have been
    read as float64; with "decimal" they stay Python's. With ``dates="datetime64"`` dates
    become datetime64[s], with "object" they stay Python's. Lists are Python's. Raises
    AftError with the row of a decimal that int64 does not hold.
    """
    for at, field in enumerate(table.schema):
        column = table.column(at)
        is_whole = pa.types.is_decimal(field.type) and field.type.scale <= 0
        if decimals == "float" and is_whole:
            column = _to_integers(column, field.name, name)
        elif dates == "datetime64" and pa.types.is_date(field.type):
            column = column.cast(pa.timestamp("s"))
        table = table.set_column(at, field.name, column)
    return _with_whole_integers(table)


def _with_whole_integers(table: pa.Table) -> pd.DataFrame:
    """pandas has float64 for integers with NULLs among them, unless that would round one."""
    frame: pd.DataFrame = table.to_pandas()
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if pa.types.is_list(field.type):
            frame.isetitem(at, pd.Series(_lists(column.combine_chunks()), dtype=object))
        if pa.types.is_integer(field.type) and column.null_count and _is_rounded(column):
            kind = str(field.type).replace("u", "U").replace("i", "I")
            frame.isetitem(at, pd.array(column.to_pylist(), dtype=kind))
    return frame


def _lists(lists: pa.ListArray) -> list[list[Any] | None]:
    """Python's lists, which tell NULL from NaN and round no integer, as arrays would."""
    ends = lists.offsets.to_pylist()
    elements = _elements(lists.values)
    return [
        elements[start:end] if is_valid else None
        for start, end, is_valid in zip(ends, ends[1:], lists.is_valid().to_pylist())
    ]


def _elements(values: pa.Array) -> list[Any]:
    if pa.types.is_list(values.type):
        return _lists(values)
    kind = values.type
    is_number = pa.types.is_primitive(kind) and not pa.types.is_temporal(kind)
    if is_number and not values.null_count:
        return list(values.to_numpy(zero_copy_only=False).tolist())
    return list(values.to_pylist())


def _is_rounded(column: pa.ChunkedArray) -> bool:
    bounds = pc.min_max(column).as_py()
    if bounds["max"] is None:
        return False
    return bool(max(-bounds["min"], bounds["max"]) > _EXACT_IN_FLOAT64)


def _to_integers(column: pa.ChunkedArray, name: str, table: str) -> pa.Array:
    digits, fits = _digits(column.cast(pa.decimal128(38, 0)))
    if not fits.all():
        row = int(np.argmin(fits))
        raise AftError(
            f"cannot read column '{name}' of {table} as int64: row {row + 1} has "
            f'{column[row].as_py()}; pass decimals="decimal" to get Python\'s Decimal'
        )
    return pa.array(digits, mask=_nulls(column))


def _digits(column: pa.ChunkedArray) -> tuple[Any, Any]:
    """Decimals without their point as int64, 0 for NULL, and which of them fit into it."""
    wide = column.cast(pa.decimal128(38, column.type.scale)).fill_null(0).combine_chunks()
    halves = np.frombuffer(wide.buffers()[1], dtype="<i8").reshape(-1, 2)
    halves = halves[wide.offset : wide.offset + len(wide)]
    digits = halves[:, 0].copy()
    return digits, halves[:, 1] == digits >> 63


def _nulls(column: pa.ChunkedArray) -> Any:
    return column.is_null().to_numpy()
