# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft import frames
from aft.errors import AftError


def written(frame: Any) -> pa.Table:
    return pa.RecordBatchReader.from_stream(frames.FrameStream(frame)).read_all()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2**62], "int64"),
        ([1, None], "float64"),
        ([2**53, None], "float64"),
        ([2**53 + 1, None], "Int64"),
        ([-(2**60), None], "Int64"),
        ([None, None], "float64"),
    ],
)
def test_integers_are_never_rounded(values: list[int | None], dtype: str) -> None:
    column = frames.to_pandas(pa.table({"a": pa.array(values, pa.int64())}))["a"]

    assert str(column.dtype) == dtype
    assert [None if pd.isna(v) else int(v) for v in column] == values


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1, 2]}, index=[5, 6]),
        pa.table({"a": [1, 2]}),
        pa.record_batch({"a": [1, 2]}),
        pa.table({"a": [1, 2]}).to_reader(),
        iter([pa.table({"a": [1]}), pd.DataFrame({"a": [2]})]),
        (frame for frame in [pd.DataFrame({"a": [1, 2]})]),
    ],
    ids=["pandas", "table", "batch", "reader", "iterator", "generator"],
)
def test_frames_of_many_kinds_are_taken(frame: Any) -> None:
    assert written(frame).to_pydict() == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (3, "int"),
        ([{"a": 1}], "list"),
        (pd.Series([1]), "Series"),
        (pa.chunked_array([[1]]), "ChunkedArray"),
        (iter([3]), "int"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_frame_is_named(frame: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"this is of type '{name}'"):
        written(frame)


@pytest.mark.parametrize("values", [[1, "a"], ["a", b"b"], [pd.Timestamp(0), "a"], [{}, 1]])
def test_a_column_of_mixed_values_is_named(values: list[Any]) -> None:
    frame = pd.DataFrame({"ok": [1, 2], "code": pd.Series(values, dtype=object)})

    with pytest.raises(AftError, match="cannot write column 'code': its values are not"):
        written(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(), "the frame has no columns"),
        (pa.table({}), "the frame has no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column named 'a'"),
        (pd.DataFrame([[1]], columns=[["a"], ["b"]]), "names of several levels"),
        (iter([]), "the generator gave no frame"),
    ],
)
def test_a_frame_without_plain_columns_is_refused(frame: Any, message: str) -> None:
    with pytest.raises(AftError, match=message):
        written(frame)


def test_later_frames_of_a_generator_follow_the_first_one() -> None:
    later = pd.DataFrame({"b": ["y"], "a": [2.0]})

    assert written(iter([pd.DataFrame({"a": [1], "b": ["x"]}), later])).to_pydict() == {
        "a": [1, 2],
        "b": ["x", "y"],
    }


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (pd.DataFrame({"c": [1]}), "frame 2 of the generator has the columns"),
        (pd.DataFrame({"a": [1.5]}), "frame 2 of the generator does not fit the first"),
    ],
)
def test_a_later_frame_that_does_not_fit_is_numbered(
    later: pd.DataFrame, message: str
) -> None:
    stream = frames.FrameStream(iter([pd.DataFrame({"a": [1]}), later]))

    with pytest.raises(pa.ArrowException):
        pa.RecordBatchReader.from_stream(stream).read_all()

    assert message in str(stream.failure)
