# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from aft import frames
from aft.errors import AftError

from tests.unit.python_runtime.worker import Ended


def written(frame: Any) -> pa.Table:
    return pa.RecordBatchReader.from_stream(frames.FrameStream(frame)).read_all()


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
        (pd.Series([1]), "pandas.Series"),
        (pa.chunked_array([[1]]), "pyarrow.ChunkedArray"),
        (iter([3]), "int"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_frame_is_named(frame: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"this is of type '{name}'"):
        written(frame)


NOON = datetime.datetime(2020, 1, 2, 12)
NOON_UTC = NOON.replace(tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        ["a", b"b"],
        [pd.Timestamp(0), "a"],
        [NOON.date(), NOON],
        [NOON, NOON.date()],
        [NOON, NOON_UTC],
        [NOON_UTC, NOON],
        [True, 2],
        [1.5, Decimal("1.5")],
    ],
)
def test_a_column_of_mixed_values_is_named(values: list[Any]) -> None:
    frame = pd.DataFrame({"ok": [1, 2], "code": pd.Series(values, dtype=object)})

    with pytest.raises(AftError, match="cannot write column 'code': its values are not"):
        written(frame)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([NOON.date(), None, pd.NaT], pa.date32()),
        ([NOON, None], pa.timestamp("us")),
        ([NOON, pd.NaT], pa.timestamp("us")),
        ([NOON_UTC, None], pa.timestamp("us", "UTC")),
        ([pd.Timestamp(1), None, NOON], pa.timestamp("ns")),
        ([pd.Timestamp(1, tz="UTC"), NOON_UTC], pa.timestamp("ns", "UTC")),
        ([pd.Timedelta(1), datetime.timedelta(days=1)], pa.duration("ns")),
        ([datetime.time(1, 2), None], pa.time64("us")),
        ([Decimal("1.50"), Decimal("2"), None], pa.decimal128(3, 2)),
    ],
)
def test_python_objects_are_kept_to_the_last_digit(values: list[Any], kind: Any) -> None:
    column = written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))["a"]

    assert column.type == kind
    assert column.to_pylist() == [None if pd.isna(value) else value for value in values]


def test_a_time_of_day_with_a_time_zone_is_refused() -> None:
    frame = pd.DataFrame({"at": [NOON_UTC.timetz()]})

    with pytest.raises(AftError, match="cannot write column 'at': a time of day with a time"):
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


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series(pd.period_range("2024", periods=2)), "extension<pandas.period"),
        (pd.Series(pd.interval_range(0, 2)), "extension<pandas.interval"),
        (pa.array([1, 0], pa.bool8()), "extension<arrow.bool8>"),
    ],
    ids=["period", "interval", "bool8"],
)
def test_what_no_table_has_a_type_for_is_refused(values: Any, kind: str) -> None:
    frame: Any = pa.table({"ok": [1, 2], "month": values})
    if isinstance(values, pd.Series):
        frame = pd.DataFrame({"ok": [1, 2], "month": values})

    with pytest.raises(AftError) as refused:
        written(frame)

    message = str(refused.value)
    assert message.startswith(f"cannot write column 'month': no table has a type for {kind}")
    assert message.endswith("; convert it first, e.g. with astype()")


ID = uuid.UUID("00000000-1111-2222-3333-444444444444")


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([ID, None], [str(ID), None]),
        ([["a", "ü"], []], ['["a", "ü"]', "[]"]),
        ([[1, None], None], ["[1, null]", None]),
        ([(1, "a"), [2]], ['[1, "a"]', "[2]"]),
        ([np.array([1.5]), None], ["[1.5]", None]),
        ([{"a": 1}, {"b": [np.int64(2)]}], ['{"a": 1}', '{"b": [2]}']),
        ([{"at": NOON}, {}], ['{"at": "2020-01-02T12:00:00"}', "{}"]),
        ([{"id": ID}], [f'{{"id": "{ID}"}}']),
    ],
)
def test_lists_mappings_and_uuids_are_written_as_text(values: list[Any], texts: Any) -> None:
    column = written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))["a"]

    assert column.type == pa.string()
    assert column.to_pylist() == texts


def test_nested_types_of_arrow_are_written_as_text() -> None:
    table = pa.table(
        {
            "id": pa.array([ID.bytes], pa.uuid()),
            "tags": [["a"]],
            "point": [{"x": 1, "y": Decimal("1.50")}],
            "json": pa.array(['{"a": 1}'], pa.json_(pa.string())),
        }
    )

    assert written(table).to_pylist() == [
        {"id": str(ID), "tags": '["a"]', "point": '{"x": 1, "y": "1.50"}', "json": '{"a": 1}'}
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([{}, 1], "some values are lists or mappings, and one is 1"),
        ([[float("nan")]], "Out of range float values are not JSON compliant"),
        ([{"a": b"x"}], "bytes b'x'"),
    ],
)
def test_a_value_without_json_is_refused(values: list[Any], reason: str) -> None:
    with pytest.raises(AftError) as refused:
        written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))

    assert str(refused.value).startswith(
        f"cannot write column 'a': a value in it has no JSON: {reason}"
    )


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (pd.DataFrame({"k": [1, 1], "v": [2, 3]}).groupby("k").sum(), ["k", "v"]),
        (pd.DataFrame({"a": [1], "b": [2], "c": [3]}).set_index(["b", "a"]), ["b", "a", "c"]),
        (pd.DataFrame({"v": [1]}, index=[7]), ["v"]),
        (
            pd.DataFrame(
                {"v": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)], names=[None, "k"])
            ),
            ["k", "v"],
        ),
    ],
    ids=["one", "several", "unnamed", "partly"],
)
def test_an_index_with_a_name_is_written_as_a_column(
    frame: pd.DataFrame, names: list[str]
) -> None:
    assert written(frame).column_names == names


def test_an_index_is_not_mistaken_for_the_column_of_its_name() -> None:
    with pytest.raises(AftError) as refused:
        written(pd.DataFrame({"k": [1], "v": [2]}).set_index("k", drop=False))

    assert str(refused.value) == (
        "the frame's index and a column are both named 'k'; to leave the index out, write "
        "frame.reset_index(drop=True)"
    )


def test_later_frames_of_a_generator_follow_the_first_one() -> None:
    later = pd.DataFrame({"b": ["y"], "a": [2.0]})

    assert written(iter([pd.DataFrame({"a": [1], "b": ["x"]}), later])).to_pydict() == {
        "a": [1, 2],
        "b": ["x", "y"],
    }


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (pa.array([1.5]), pa.array([2])),
        (pa.array([1]), pa.array([2.0])),
        (pa.array([1], pa.int64()), pa.array([2], pa.int8())),
        (pa.array([1.5]), pa.array([np.float32(2.5)], pa.float32())),
        (pa.array(["a"]), pa.array(["b"], pa.large_string())),
        (pa.array(["a"]).dictionary_encode(), pa.array(["b"])),
        (pa.array(["a"]), pa.array(["b"]).dictionary_encode()),
        (pa.array([NOON], pa.timestamp("ns")), pa.array([NOON], pa.timestamp("s"))),
        (pa.array([Decimal("1.50")]), pa.array([Decimal("2.5")])),
        (pa.array([True]), pa.array([None])),
    ],
)
def test_a_later_frame_may_say_the_same_in_another_type(first: Any, later: Any) -> None:
    table = written(iter([pa.table({"a": first}), pa.table({"a": later})]))

    assert table["a"].type == first.type
    assert table["a"].to_pylist() == first.to_pylist() + later.to_pylist()


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (pa.array([True]), pa.array([2])),
        (pa.array([1]), pa.array([True])),
        (pa.array([1]), pa.array(["007"])),
        (pa.array(["007"]), pa.array([7])),
        (pa.array([1]), pa.array([1.5])),
        (pa.array([1.5]), pa.array([2**53 + 1])),
        (pa.array([np.float32(1.5)], pa.float32()), pa.array([0.1])),
        (pa.array([1.5]), pa.array([Decimal("0.1")])),
        (pa.array([Decimal("1.5")]), pa.array([Decimal("1.25")])),
        (pa.array([NOON.date()]), pa.array([NOON])),
        (pa.array([NOON]), pa.array([NOON_UTC])),
        (pa.array([1], pa.timestamp("s")), pa.array([1], pa.timestamp("ns"))),
        (pa.array(["a"]), pa.array([b"\xff"])),
    ],
)
def test_a_later_frame_is_never_changed_to_fit(first: Any, later: Any) -> None:
    stream = frames.FrameStream(iter([pa.table({"a": first}), pa.table({"a": later})]))

    with pytest.raises(pa.ArrowException):
        pa.RecordBatchReader.from_stream(stream).read_all()

    assert "frame 2 of the generator does not fit the first one: " in str(stream.failure)


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


def test_what_a_thread_changes_meanwhile_is_written_as_it_was_passed(
    run: Callable[..., Ended],
) -> None:
    ended = run("""
        import os, threading
        import numpy as np, pandas as pd
        count = 300_000
        values = np.arange(count)
        frame = pd.DataFrame({"a": values, "s": ["x"] * count}, copy=False)
        assert np.shares_memory(values, frame["a"].to_numpy())
        def change():
            while not os.path.exists("shop.db-journal"): pass
            values[:] = -1
        thread = threading.Thread(target=change)
        thread.start()
        write_to_model(frame)
        thread.join()
        back = ref("scored")["a"]
        print((back == np.arange(count)).all(), (values == -1).all())
    """)

    assert ended.output == "True True\n", ended.message
