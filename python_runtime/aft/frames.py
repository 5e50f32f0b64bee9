# SPDX-License-Identifier: Apache-2.0
"""Frames as scripts know them, to and from Arrow streams."""

from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import pandas as pd
import pyarrow as pa

from aft.errors import AftError


def to_pandas(stream: Any) -> tuple[pd.DataFrame, int]:
    """The rows of an Arrow stream as a DataFrame, and their size in bytes of Arrow."""
    table = pa.RecordBatchReader.from_stream(stream).read_all()
    return table.to_pandas(), table.nbytes


def to_stream(frame: Any) -> pa.RecordBatchReader:
    """A frame, or a generator of frames, as an Arrow stream.

    Takes pandas and polars frames, pyarrow tables and whatever else has
    ``__arrow_c_stream__``. The index of a DataFrame is left out. Raises TypeError for what
    is no frame, and AftError that names the column for values that no column can hold
    together.
    """
    if isinstance(frame, GeneratorType):
        return _joined(frame)
    if isinstance(frame, pd.DataFrame):
        table = _from_pandas(frame)
    elif hasattr(frame, "__arrow_c_stream__") and not isinstance(frame, pd.Series):
        return pa.RecordBatchReader.from_stream(frame)
    elif isinstance(frame, pa.RecordBatch):
        table = pa.Table.from_batches([frame])
    else:
        raise TypeError(
            "a frame is needed: a pandas or polars DataFrame, an Arrow table or a "
            f"generator of these, but this is of type '{type(frame).__name__}'"
        )
    return table.to_reader()


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise AftError(
            f"the frame has more than one column named '{repeated[0]}'; rename all but one"
        )
    arrays = [_to_array(name, frame.iloc[:, at]) for at, name in enumerate(names)]
    return pa.Table.from_arrays(arrays, names=names)


def _to_array(name: str, column: "pd.Series[Any]") -> pa.Array:
    try:
        return pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise AftError(
            f"cannot write column '{name}': its values are not of one type: {error}; "
            "convert it first, e.g. with astype()"
        ) from None


def _joined(frames: "GeneratorType[Any, Any, Any]") -> pa.RecordBatchReader:
    first = next(frames, None)
    if first is None:
        raise AftError("the generator gave no frame, so there are no columns to write")
    reader = to_stream(first)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from reader
        for number, frame in enumerate(frames, start=2):
            yield from _fitted(to_stream(frame), reader.schema, number)

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def _fitted(
    stream: pa.RecordBatchReader, schema: pa.Schema, number: int
) -> list[pa.RecordBatch]:
    table = stream.read_all()
    if set(table.column_names) != set(schema.names):
        raise AftError(
            f"frame {number} of the generator has the columns {table.column_names}, but "
            f"the first one has {schema.names}"
        )
    try:
        fitted: list[pa.RecordBatch] = table.select(schema.names).cast(schema).to_batches()
        return fitted
    except pa.ArrowException as error:
        raise AftError(
            f"frame {number} of the generator does not fit the first one: {error}"
        ) from None
