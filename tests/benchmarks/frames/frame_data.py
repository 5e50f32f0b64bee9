# SPDX-License-Identifier: Apache-2.0
"""The frames that are moved: made from their number of rows alone, and known by hashes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("visits", pa.int32()),
        pa.field("score", pa.float64()),
        pa.field("amount", pa.decimal128(12, 2)),
        pa.field("name", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("seen_at", pa.timestamp("us")),
        pa.field("is_new", pa.bool_()),
    ]
)
_NAMES = (
    "",
    "Ada",
    "Jürgen Groß",
    "naïve café",
    "Ὀδυσσεύς",
    "Иван Петрович",
    "小林 さくら",
    "🦆 duck",
    'O\'Brien; "quoted"',
    "back\\slash",
    "a text of rather more than forty characters",
)
_SEED = 7
_SHARE_OF_NULLS = 0.1
_WIDE = 300
_LONG = 100_000


def make(rows: int) -> pa.Table:
    """``rows`` rows of SCHEMA; a tenth of the values are NULL, except in ``id``."""
    random = np.random.default_rng(_SEED)

    def with_nulls(array: pa.Array) -> pa.Array:
        nulls = pa.array(random.random(rows) < _SHARE_OF_NULLS)
        return pc.if_else(nulls, pa.scalar(None, array.type), array)

    def integers(low: int, high: int, kind: str) -> pa.Array:
        return pa.array(random.integers(low, high, rows).astype(kind))

    columns = [
        pa.array(np.arange(rows)),
        integers(-(2**31), 2**31, "int32"),
        pa.array(random.normal(0, 1e6, rows)),
        _cents(random.integers(-(10**9), 10**9, rows)),
        pa.array(_NAMES).take(integers(0, len(_NAMES), "int32")),
        integers(0, 20_000, "int32").cast(pa.date32()),
        integers(0, 2 * 10**15, "int64").cast(pa.timestamp("us")),
        pa.array(random.random(rows) < 0.5),
    ]
    return pa.table([columns[0], *map(with_nulls, columns[1:])], schema=SCHEMA)


def make_texts(rows: int) -> pa.Table:
    """Two columns of short texts."""
    ids = pa.array(np.arange(rows)).cast(pa.string())
    names = make(rows).column("name").combine_chunks()
    return pa.table({"id": ids, "name": names})


def make_wide(rows: int) -> pa.Table:
    """300 columns: those of SCHEMA again and again."""
    narrow = make(rows)
    columns = {"id": narrow.column("id")}
    for at in range(_WIDE - 1):
        field = SCHEMA.field(1 + at % (len(SCHEMA) - 1))
        columns[f"{field.name}_{at}"] = narrow.column(field.name)
    return pa.table(columns)


def make_long(rows: int) -> pa.Table:
    """A number and a text of 100 kB."""
    texts = [f"{row:010d}ü" * (_LONG // 12) for row in range(rows)]
    return pa.table({"id": np.arange(rows), "story": pa.array(texts, pa.large_string())})


SHAPES = {"plain": make, "texts": make_texts, "wide": make_wide, "long": make_long}


def _cents(values: np.ndarray) -> pa.Array:
    """Integers as decimals with two digits behind the point."""
    words = np.column_stack([values, np.where(values < 0, -1, 0)])  # Low half, high half.
    data = pa.py_buffer(np.ascontiguousarray(words, dtype="int64"))
    return pa.Array.from_buffers(SCHEMA.field("amount").type, len(values), [None, data])


def hashes(table: pa.Table, schema: pa.Schema) -> dict[str, int]:
    """For each column of the schema the same number for the same values in the same rows.

    The rows may come in any order, and in other types that hold the same values.
    """
    ids = table.column("id").to_pandas()
    found = {}
    for field, column in zip(schema, table.columns):
        pairs = pd.DataFrame({"id": ids, "value": _comparable(column, field.type)})
        found[field.name] = int(pd.util.hash_pandas_object(pairs, index=False).sum())
    return found


def _comparable(column: pa.ChunkedArray, kind: pa.DataType) -> pd.Series:
    """The values of a column whose type in the frame is ``kind``, for hashing."""
    if isinstance(column.type, pa.ExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks])
    if pa.types.is_decimal(kind):
        # Some tools read doubles, which hold twelve digits.
        column = pc.round(pc.multiply(column.cast(pa.float64()), 100.0))
        return column.to_pandas()
    if pa.types.is_temporal(kind):
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = column.cast(pa.float64())
    return column.to_pandas()
