# SPDX-License-Identifier: Apache-2.0
"""Arrow tables to and from files of the formats that other languages know.

CSV says no types. What is written there distinguishes NULL, an empty field, from empty
text, `""`. What is read gets a type only if all values of the column keep their meaning:
`007` stays text.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from aft.errors import AftError

FORMATS = ("csv", "arrow", "parquet")

# How a value of a type is written, and the type; the first that all values match counts.
# Numbers with more digits than the type keeps stay text.
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_CSV_TYPES = (
    (r"true|false", pa.bool_()),
    (r"-?(0|[1-9]\d{0,17})", pa.int64()),
    (r"-?(0|[1-9]\d{0,14})(\.\d{1,17})?([eE][+-]?\d{1,2})?", pa.float64()),
    (_DATE, pa.date32()),
    (f"{_DATE}[ T]{_TIME}", pa.timestamp("us")),
    (f"{_DATE}[ T]{_TIME}(Z|[+-]\\d{{2}}:?\\d{{2}})", pa.timestamp("us", "UTC")),
)
_PARQUET_MAGIC = b"PAR1"
_ARROW_STREAM_MAGIC = b"\xff\xff\xff\xff"
_ARROW_FILE_MAGIC = b"ARROW1"


def kind_of(descriptor: int) -> str:
    """The format of a file by its first bytes."""
    beginning = os.pread(descriptor, 8, 0)
    if beginning.startswith(_PARQUET_MAGIC):
        return "parquet"
    if beginning.startswith((_ARROW_STREAM_MAGIC, _ARROW_FILE_MAGIC)):
        return "arrow"
    return "csv"


def write(table: pa.Table, descriptor: int, kind: str) -> None:
    """Write ``table`` into a file from its beginning."""
    _require_known(kind)
    with open(os.dup(descriptor), "wb") as file:
        if kind == "csv":
            pyarrow.csv.write_csv(_as_csv_can_say(table), file)
        elif kind == "parquet":
            pyarrow.parquet.write_table(table, file)
        else:
            with pa.ipc.new_stream(file, table.schema) as stream:
                stream.write_table(table)


def read(descriptor: int, kind: str) -> pa.Table:
    """The table in a file. Raises AftError when it is of another format."""
    _require_known(kind)
    readers: dict[str, Callable[[Any], pa.Table]] = {
        "csv": _read_csv,
        "parquet": pyarrow.parquet.read_table,
        "arrow": _read_arrow,
    }
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        with open(os.dup(descriptor), "rb") as file:
            return readers[kind](file)
    except pa.ArrowInvalid as error:
        raise AftError(f"what was given is no {kind}: {error}") from None


def _require_known(kind: str) -> None:
    if kind not in FORMATS:
        raise AftError(f"there is no format '{kind}'; the formats are {', '.join(FORMATS)}")


def _read_arrow(file: Any) -> pa.Table:
    if file.read(len(_ARROW_FILE_MAGIC)) == _ARROW_FILE_MAGIC:
        return pa.ipc.open_file(file).read_all()
    file.seek(0)
    return pa.ipc.open_stream(file).read_all()


def _as_csv_can_say(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            raise AftError(
                f"CSV cannot hold column '{field.name}', which is binary; use '--format "
                "arrow' or '--format parquet'"
            )
        if pa.types.is_timestamp(field.type) and field.type.tz:
            utc = pa.timestamp(field.type.unit, "UTC")
            table = table.set_column(at, field.name, table.column(at).cast(utc))
    return table


def _read_csv(file: Any) -> pa.Table:
    header = pyarrow.csv.read_csv(
        pa.BufferReader(file.readline()),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=False),
    ).column_names
    file.seek(0)
    table = pyarrow.csv.read_csv(
        file,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    columns = [_typed(column) for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with the type that its values show, or as text."""
    values = column.drop_null()
    if len(values) == 0:
        return column
    for pattern, kind in _CSV_TYPES:
        if pc.all(pc.match_substring_regex(values, f"^({pattern})$")).as_py():
            try:
                return column.cast(kind)
            except pa.ArrowInvalid:
                return column
    return column
