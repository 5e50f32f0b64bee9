# SPDX-License-Identifier: Apache-2.0
"""Frames as scripts know them, as Arrow streams."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from aft import columns, interruption
from aft.errors import AftError
from aft.script_end import leave_fork


class FrameStream:
    """A frame, or an iterator of frames, as an Arrow stream that is read once.

    Raises TypeError for what is no frame, and AftError that names the column for values
    that no column can hold together. Through the Arrow interface only the text of an
    error gets; ``failure`` keeps what a later frame of an iterator raised.
    ``guessed_decimals`` names the columns of Python's Decimals, which declare no digits.
    """

    def __init__(self, frame: Any, at_end: Callable[[], None] = lambda: None) -> None:
        """``at_end`` is called when all rows have been taken."""
        self.failure: BaseException | None = None
        is_iterator = isinstance(frame, Iterator) and not _is_stream(frame)
        reader = _joined(frame) if is_iterator else _reader(frame)
        self.names: list[str] = reader.schema.names
        self.guessed_decimals = columns.guessed_decimals(reader.schema)
        self._reader = pa.RecordBatchReader.from_batches(
            reader.schema, self._keeping_failure(reader, at_end)
        )

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The stream as the Arrow PyCapsule interface gives it."""
        return self._reader.__arrow_c_stream__(requested_schema)

    def _keeping_failure(
        self, reader: pa.RecordBatchReader, at_end: Callable[[], None]
    ) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
            at_end()
        except GeneratorExit:
            raise
        except BaseException as error:
            self.failure = error
            raise


def _joined(frames: Iterator[Any]) -> pa.RecordBatchReader:
    frames = _of_one_process(frames)
    first = next(frames, None)
    if first is None:
        raise AftError("the generator gave no frame, so there are no columns to write")
    reader = _reader(first)
    schema = columns.with_room(reader.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from reader if schema.equals(reader.schema) else _fitted(reader, schema, 1)
        for number, frame in enumerate(frames, start=2):
            yield from _fitted(_reader(frame), schema, number)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _of_one_process(frames: Iterator[Any]) -> Iterator[Any]:
    """The frames, except in a fork made by their own generator, which ends here.

    It would go on with a write that its parent is in the middle of.
    """
    process = os.getpid()
    failure: BaseException | None = None
    try:
        for frame in frames:
            if os.getpid() != process:
                break
            yield frame
    except BaseException as error:
        failure = error
        if os.getpid() == process:
            raise
    if os.getpid() != process:
        leave_fork(failure)


def is_repeatable(frame: Any) -> bool:
    """Whether the frame can be written again: a generator or a reader is used up."""
    return hasattr(frame, "__len__")


def _is_stream(frame: Any) -> bool:
    return hasattr(frame, "__arrow_c_stream__")


def _reader(frame: Any) -> pa.RecordBatchReader:
    if isinstance(frame, pd.DataFrame):
        return columns.plain(_from_pandas(frame).to_reader())
    if isinstance(frame, pa.RecordBatchReader):
        return _with_columns(frame)
    if _has_objects(frame):
        return _with_columns(_from_polars(frame).to_reader())
    if isinstance(frame, pa.RecordBatch):
        return _with_columns(pa.Table.from_batches([frame]).to_reader())
    if _is_stream(frame) and not isinstance(frame, pd.Series):
        try:
            return _with_columns(pa.RecordBatchReader.from_stream(frame))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass  # A stream of single values, such as a column.
    raise TypeError(
        "a frame is needed: a pandas or polars DataFrame, an Arrow table or a generator "
        f"of these, but this is of type '{_full_name(type(frame))}'"
    )


def _has_objects(frame: Any) -> bool:
    """Whether it is a DataFrame of polars with columns of Python's objects.

    Arrow would get their addresses as bytes.
    """
    polars = sys.modules.get("polars")  # Whoever has such a frame has imported it.
    is_polars = polars is not None and isinstance(frame, polars.DataFrame)
    return is_polars and any("Object" in str(kind) for kind in frame.dtypes)


def _from_polars(frame: Any) -> pa.Table:
    arrays = []
    for name, kind in frame.schema.items():
        if "Object" in str(kind):
            values = pd.Series(frame[name].to_list(), dtype=object)
            arrays.append(columns.to_array(name, values))
        else:
            arrays.append(pa.table(frame.select(name)).column(0))
    return pa.Table.from_arrays(arrays, names=frame.columns)


def _full_name(kind: type) -> str:
    """With its library's name: there are many a DataFrame."""
    library = kind.__module__.partition(".")[0]
    return kind.__qualname__ if library == "builtins" else f"{library}.{kind.__qualname__}"


def _with_columns(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    if not reader.schema.names:
        raise AftError("the frame has no columns")
    _check_names(reader.schema.names)
    return columns.plain(reader)


def _check_names(names: list[str]) -> None:
    for number, name in enumerate(names, start=1):
        # The Arrow C data interface would end the name there.
        if "\0" in name:
            raise AftError(f"the name of column {number}, {name!r}, has a NUL character in it")


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    frame = _with_named_index(frame)
    if not len(frame.columns):
        raise AftError("the frame has no columns")
    if frame.columns.nlevels > 1:
        raise AftError(
            "the frame's columns have names of several levels; give each a single one, "
            "e.g. with frame.columns = ['_'.join(name) for name in frame.columns]"
        )
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise AftError(
            f"the frame has more than one column named '{repeated[0]}'; rename all but one"
        )
    _check_names(names)
    if _may_change():
        # Arrow would share the values with the frame, and what is written is a mixture then.
        frame = frame.copy()
    arrays = [columns.to_array(name, frame.iloc[:, at]) for at, name in enumerate(names)]
    return pa.Table.from_arrays(arrays, schema=columns.schema_of(frame, names, arrays))


def _with_named_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with those levels of its index as columns that have a name."""
    named = [at for at, name in enumerate(frame.index.names) if name is not None]
    if not named or frame.columns.nlevels > 1:
        return frame
    for name in (frame.index.names[at] for at in named):
        if name in frame.columns:
            raise AftError(
                f"the frame's index and a column are both named '{name}'; to leave the index "
                "out, write frame.reset_index(drop=True)"
            )
    return frame.reset_index(level=named)


def _may_change() -> bool:
    """Whether a thread of the script's runs while this one writes."""
    return any(
        thread is not threading.current_thread() and thread.name != interruption.THREAD_NAME
        for thread in threading.enumerate()
    )


def _fitted(
    reader: pa.RecordBatchReader, schema: pa.Schema, number: int
) -> list[pa.RecordBatch]:
    table = reader.read_all()
    if set(table.column_names) != set(schema.names):
        raise AftError(
            f"frame {number} of the generator has the columns {table.column_names}, but "
            f"the first one has {schema.names}"
        )
    table = table.select(schema.names)
    fitted = [_as_wanted(table.column(field.name), field, number) for field in schema]
    batches: list[pa.RecordBatch] = pa.Table.from_arrays(fitted, schema=schema).to_batches()
    return batches


def _as_wanted(column: pa.ChunkedArray, wanted: pa.Field, number: int) -> pa.ChunkedArray:
    try:
        if not columns.means_the_same(column.type, wanted.type):
            raise pa.ArrowInvalid(f"it is of type {column.type}, not {wanted.type}")
        return column.cast(wanted.type)
    except pa.ArrowException as error:
        is_decimal = pa.types.is_decimal(wanted.type)
        advice = '; read floats, with decimals="float", or round it' if is_decimal else ""
        raise AftError(
            f"frame {number} of the generator does not fit the first one: column "
            f"'{wanted.name}': {_why_not(column, wanted.type, error)}{advice}"
        ) from None


def _why_not(column: pa.ChunkedArray, wanted: pa.DataType, error: pa.ArrowException) -> str:
    """What is wrong with the first value that can't be cast, or with all of them."""
    for row, value in enumerate(column, start=1):
        try:
            pa.array([value.as_py()], column.type).cast(wanted)
        except pa.ArrowException:
            return f"row {row} of the frame holds {value}, and the column is {wanted}"
    return str(error)
