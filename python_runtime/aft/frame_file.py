# SPDX-License-Identifier: Apache-2.0
"""Arrow tables to and from files of the formats that other languages know.

CSV says no types. What is written there distinguishes NULL, an empty field, from empty
text, `""`. What is read gets a type only if each value of the column would be printed as it
is there: `007` and `1.10` beside `2.5` stay text.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from aft import columns
from aft.errors import AftError

FORMATS = ("csv", "arrow", "parquet")

# How a value of a type is written, and the type; the first that all values match counts.
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_CSV_TYPES = (
    (r"true|false", pa.bool_()),
    (_DATE, pa.date32()),
    (f"{_DATE}[ T]{_TIME}", pa.timestamp("us")),
    (f"{_DATE}[ T]{_TIME}(Z|[+-]\\d{{2}}:?\\d{{2}})", pa.timestamp("us", "UTC")),
)
# With a point or an exponent; whether a type keeps it is another question.
_NUMBER = r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
_FEW_DIGITS, _MOST_DIGITS = 15, 38
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
        if pa.types.is_list(field.type):
            table = table.set_column(
                at, field.name, columns.in_json(field.name, table.column(at))
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
    typed = [_typed(column) for column in table.columns]
    return pa.table(typed, names=table.column_names)


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with the type that its values show, or as text."""
    values = column.drop_null()
    if len(values) == 0:
        return column
    if pc.all(pc.match_substring_regex(values, f"^({_NUMBER})$")).as_py():
        return _as_numbers(column, values)
    for pattern, kind in _CSV_TYPES:
        if pc.all(pc.match_substring_regex(values, f"^({pattern})$")).as_py():
            try:
                return column.cast(kind)
            except pa.ArrowInvalid:
                return column
    return column


def _as_numbers(column: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Integers, floats or decimals, whichever are printed as they are there; else text."""
    integers, floats = _cast(column, pa.int64()), _cast(column, pa.float64())
    if integers is not None and integers.cast(pa.string()).equals(column):
        return integers
    texts = values.to_pylist()
    if floats is not None and _are_printed_as(floats.drop_null().to_pylist(), texts):
        return floats
    places = {len(text.partition(".")[2]) for text in texts}
    digits = max(sum(map(str.isdigit, text)) for text in texts)
    if len(places) > 1 or digits > _MOST_DIGITS or any(map(_is_no_decimal, texts)):
        return column
    # SQLite has a numeric type for so many digits.
    precision = _FEW_DIGITS if digits <= _FEW_DIGITS else _MOST_DIGITS
    return column.cast(pa.decimal128(precision, places.pop()))


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return None


def _are_printed_as(values: list[float], texts: list[str]) -> bool:
    """Whether a usual program prints the floats so: each with the fewest digits it takes."""
    whole = (text for value, text in zip(values, texts) if value.is_integer())
    has_point = {text.endswith(".0") for text in whole}
    return len(has_point) < 2 and all(map(_is_printed_as, values, texts))


def _is_printed_as(value: float, text: str) -> bool:
    digits = repr(value)
    if text in (digits, digits.removesuffix(".0")):
        return text != "-0"
    # An exponent is written in many ways, and begins elsewhere in each program.
    mantissa, mark, _ = text.lower().partition("e")
    return bool(mark) and not mantissa.endswith("0") and Decimal(digits) == Decimal(text)


def _is_no_decimal(text: str) -> bool:
    return "e" in text.lower() or (text.startswith("-") and not text.strip("-0."))
