# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
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
        ([(1, "a"), [2]], ['[1, "a"]', "[2]"]),
        ([[1, [2]], None], ["[1, [2]]", None]),
        ([[{"a": pd.NA}], []], ['[{"a": null}]', "[]"]),
        ([[NOON.date(), NOON]], ['["2020-01-02", "2020-01-02T12:00:00"]']),
        (
            [{"at": np.array(["2020-01-02", "NaT"], "M8[ns]")}],
            ['{"at": ["2020-01-02T00:00:00.000000000", null]}'],
        ),
        ([{"a": 1}, {"b": [np.int64(2)]}], ['{"a": 1}', '{"b": [2]}']),
        ([{"at": NOON}, {}], ['{"at": "2020-01-02T12:00:00"}', "{}"]),
        ([{"id": ID}], [f'{{"id": "{ID}"}}']),
    ],
)
def test_what_no_list_holds_is_written_as_json(values: list[Any], texts: Any) -> None:
    column = written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))["a"]

    assert column.type == pa.json_()
    assert column.to_pylist() == texts


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([["a", "ü"], (), None], pa.string()),
        ([[1, None], None, []], pa.int64()),
        ([[1.0, 2.5], [float("nan")]], pa.float64()),
        ([np.array([1, 2], "i4"), np.array([], "i4")], pa.int32()),
        ([np.array([1.5, np.nan]), None], pa.float64()),
        ([np.array([1], "i4"), [2**40]], pa.int64()),
        ([[Decimal("1.50"), Decimal("0.25")]], pa.decimal128(3, 2)),
        ([[pd.Timestamp(1), pd.NaT]], pa.timestamp("ns")),
        ([[ID, None]], pa.uuid()),
        ([[[1, 2], [3]], [], [None]], pa.large_list(pa.int64())),
        ([np.array([[1, 2], [3, 4]])], pa.large_list(pa.int64())),
        ([[], []], pa.null()),
        ([{7}, frozenset()], pa.int64()),
    ],
)
def test_lists_of_one_type_stay_lists(values: list[Any], kind: pa.DataType) -> None:
    column = written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))["a"]

    assert column.type == pa.large_list(kind)
    given = [list(v) if isinstance(v, (set, frozenset)) else v for v in values]
    plain = [None if v is None else np.array(v, object).tolist() for v in given]
    assert str(column.to_pylist()) == str(plain).replace("NaT", "None")


def test_nested_types_of_arrow_are_lists_or_json() -> None:
    table = pa.table(
        {
            "id": pa.array([ID.bytes], pa.uuid()),
            "tags": [["a"]],
            "point": [{"x": 1, "y": Decimal("1.50")}],
            "json": pa.array(['{"a": 1}'], pa.json_(pa.string())),
        }
    )

    made = written(table)

    assert made.schema.types == [pa.uuid(), pa.list_(pa.string()), pa.json_(), pa.json_()]
    assert made.to_pylist() == [
        {"id": ID, "tags": ["a"], "point": '{"x": 1, "y": "1.50"}', "json": '{"a": 1}'}
    ]


def test_maps_are_json_objects() -> None:
    kind = pa.map_(pa.string(), pa.int64())
    table = pa.table({"a": pa.array([[("x", 1)], None], kind)})

    assert written(table)["a"].to_pylist() == ['{"x": 1}', None]


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8())),
        pa.array([[("x", 1), ("x", 2)]], pa.map_(pa.string(), pa.int8())),
    ],
)
def test_keys_that_json_would_change_are_refused(keys: pa.Array) -> None:
    batches = [pa.record_batch({"a": each}) for each in (keys.slice(1), keys)]

    with pytest.raises(pa.ArrowInvalid, match="column 'a': row 1 of the frame has no JSON: "):
        written(pa.Table.from_batches(batches))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([{}, 1], "other values are lists or mappings, and this is 1"),
        ([{}, {"a": float("nan")}], "Out of range float values are not JSON compliant"),
        ([None, {"a": b"x"}], "bytes b'x'"),
        ([[], ["a", b"x"]], "bytes b'x'"),
        ([{}, {"a": [{1: 2}]}], "its key 1 is no text"),
        ([{}, {"a": np.timedelta64(1, "s")}], "timedelta64 "),
        ([{}, {"a": {1, 2}}], "set {1, 2}"),
        ([[], [Decimal("NaN")]], "Decimal Decimal('NaN')"),
    ],
)
def test_a_value_without_json_is_refused(values: list[Any], reason: str) -> None:
    with pytest.raises(AftError) as refused:
        written(pd.DataFrame({"a": pd.Series(values, dtype=object)}))

    assert str(refused.value).startswith(
        f"cannot write column 'a': row 2 of the frame has no JSON: {reason}"
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


def test_decimals_of_a_generator_may_grow() -> None:
    values = [Decimal("1.5"), None, Decimal("123456789.25"), Decimal("-0.000000001")]
    given = iter(pd.DataFrame({"a": [value]}, dtype=object) for value in values)

    table = written(given)

    assert table["a"].to_pylist() == values
    assert table["a"].type == pa.decimal128(38, 9)


def test_a_decimal_of_a_later_frame_that_does_not_fit_is_named() -> None:
    later = pd.DataFrame({"a": [Decimal(1), Decimal("1.2345678912")]})
    stream = frames.FrameStream(iter([pd.DataFrame({"a": [Decimal("1.5")]}), later]))

    with pytest.raises(pa.ArrowException):
        pa.RecordBatchReader.from_stream(stream).read_all()

    assert str(stream.failure) == (
        "frame 2 of the generator does not fit the first one: column 'a': row 2 of the frame "
        "holds 1.2345678912, and the column is decimal128(38, 9); read floats, with "
        'decimals="float", or round it'
    )


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


def test_other_containers_are_refused_by_their_type() -> None:
    values = pd.Series([None, {1: 2}.values()], dtype=object)

    with pytest.raises(AftError, match="column 'a': make lists of its values of type "):
        written(pd.DataFrame({"a": values}))


def test_objects_of_polars_are_their_values() -> None:
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "u": [ID, None],
            "n": [7, 8],
            "s": pl.Series([{1}, None], dtype=pl.Object),
        }
    )
    assert frame.schema["u"] == pl.Object

    made = written(frame)

    assert made.to_pydict() == {"id": [1, 2], "u": [ID, None], "n": [7, 8], "s": [[1], None]}
    assert written(frame.select("u"))["u"].to_pylist() == [ID, None]
