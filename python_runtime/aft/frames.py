# SPDX-License-Identifier: Apache-2.0
"""Frames as scripts know them, to and from Arrow streams."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.pandas_compat  # Else pyarrow imports it at a script's first conversion.

from aft import _aft, columns, interruption
from aft.errors import AftError

# Beyond, float64 no longer tells neighbouring integers apart.
_EXACT_IN_FLOAT64 = 2**53


def read_all(result: _aft.Result) -> pa.Table:
    """All rows of a query. Raises _aft.Error."""
    try:
        return pa.RecordBatchReader.from_stream(result).read_all()
    except (pa.ArrowException, OSError):
        result.raise_failure()
        raise


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """A DataFrame that says the same.

    pandas has float64 for integers with NULLs among them, unless that would round one.
    """
    frame = table.to_pandas()
    for at, field in enumerate(table.schema):
        column = table.column(at)
        if pa.types.is_integer(field.type) and column.null_count and _is_rounded(column):
            kind = str(field.type).replace("u", "U").replace("i", "I")
            frame.isetitem(at, pd.array(column.to_pylist(), dtype=kind))
    return frame


def _is_rounded(column: pa.ChunkedArray) -> bool:
    bounds = pyarrow.compute.min_max(column).as_py()
    if bounds["max"] is None:
        return False
    return bool(max(-bounds["min"], bounds["max"]) > _EXACT_IN_FLOAT64)


class FrameStream:
    """A frame, or an iterator of frames, as an Arrow stream that is read once.

    Raises TypeError for what is no frame, and AftError that names the column for values
    that no column can hold together. Through the Arrow interface only the text of an
    error gets; ``failure`` keeps what a later frame of an iterator raised.
    """

    def __init__(self, frame: Any) -> None:
        self.failure: BaseException | None = None
        is_iterator = isinstance(frame, Iterator) and not _is_stream(frame)
        self._reader = self._joined(frame) if is_iterator else _reader(frame)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The stream as the Arrow PyCapsule interface gives it."""
        return self._reader.__arrow_c_stream__(requested_schema)

    def _joined(self, frames: Iterator[Any]) -> pa.RecordBatchReader:
        first = next(frames, None)
        if first is None:
            raise AftError("the generator gave no frame, so there are no columns to write")
        reader = _reader(first)

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from reader
                for number, frame in enumerate(frames, start=2):
                    yield from _fitted(_reader(frame), reader.schema, number)
            except GeneratorExit:
                raise
            except BaseException as error:
                self.failure = error
                raise

        return pa.RecordBatchReader.from_batches(reader.schema, batches())


def is_repeatable(frame: Any) -> bool:
    """Whether the frame can be written again: a generator or a reader is used up."""
    return hasattr(frame, "__len__")


def _is_stream(frame: Any) -> bool:
    return hasattr(frame, "__arrow_c_stream__")


def _reader(frame: Any) -> pa.RecordBatchReader:
    if isinstance(frame, pd.DataFrame):
        return _from_pandas(frame).to_reader()
    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame]).to_reader()
    if _is_stream(frame) and not isinstance(frame, pd.Series):
        try:
            return _with_columns(pa.RecordBatchReader.from_stream(frame))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass  # A stream of single values, such as a column.
    raise TypeError(
        "a frame is needed: a pandas or polars DataFrame, an Arrow table or a generator "
        f"of these, but this is of type '{type(frame).__name__}'"
    )


def _with_columns(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    if not reader.schema.names:
        raise AftError("the frame has no columns")
    _check_names(reader.schema.names)
    return reader


def _check_names(names: list[str]) -> None:
    for number, name in enumerate(names, start=1):
        # The Arrow C data interface would end the name there.
        if "\0" in name:
            raise AftError(f"the name of column {number}, {name!r}, has a NUL character in it")


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
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
    return pa.Table.from_arrays(arrays, names=names)


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
    try:
        for given, wanted in zip(table.schema, schema):
            if not columns.means_the_same(given.type, wanted.type):
                raise pa.ArrowInvalid(
                    f"column '{given.name}' is of type {given.type}, not {wanted.type}"
                )
        fitted: list[pa.RecordBatch] = table.cast(schema).to_batches()
        return fitted
    except pa.ArrowException as error:
        raise AftError(
            f"frame {number} of the generator does not fit the first one: {error}"
        ) from None
