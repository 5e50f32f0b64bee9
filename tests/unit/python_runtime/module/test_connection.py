# SPDX-License-Identifier: Apache-2.0
"""The extension module, driven from Python over SQLite with pyarrow and pandas."""

from __future__ import annotations

import datetime
import decimal
import math
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft import _aft


def connection_string(path: Path) -> str:
    return f"Driver=SQLite3;Database={path};StepAPI=1;NoWCHAR=1;Timeout=200"


def relation(identifier: str, schema: str | None = "main") -> dict[str, object]:
    return {
        "database": None,
        "schema": schema,
        "identifier": identifier,
        "quote_database": True,
        "quote_schema": True,
        "quote_identifier": True,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def connection(path: Path) -> _aft.Connection:
    return _aft.Connection(connection_string(path))


def read(connection: _aft.Connection, sql: str) -> pa.Table:
    return pa.table(connection.read(sql))


def write(
    connection: _aft.Connection,
    frame: Any,
    name: str = "t",
    mode: str = "overwrite",
    **options: Any,
) -> tuple[int, int]:
    return connection.write(frame, relation(name), mode, **options)


def round_trip(connection: _aft.Connection, frame: Any) -> pa.Table:
    write(connection, frame)
    return read(connection, "select * from t")


def test_the_driver_of_sqlite_is_listed() -> None:
    assert "SQLite3" in _aft.drivers()


def test_a_connection_names_its_database(connection: _aft.Connection) -> None:
    assert connection.dbms_name == "SQLite"


def test_a_pandas_frame_comes_back_as_it_was(connection: _aft.Connection) -> None:
    frame = pd.DataFrame(
        {
            "integer": [-(2**63), 0, 2**63 - 1],
            "real": [0.1 + 0.2, 5e-324, -math.inf],
            "text": ["😀", "", "a\0b"],
            "boolean": [True, False, True],
            "moment": pd.to_datetime(
                ["0001-01-01", "2024-02-29 12:34:56.789012", "9999-12-31"],
                format="ISO8601",
            ).astype("datetime64[us]"),
            "a.b": [1, 2, 3],
        }
    )

    back = round_trip(connection, frame).to_pandas()

    pd.testing.assert_frame_equal(back, frame)


def test_missing_values_of_pandas_come_back_as_null(connection: _aft.Connection) -> None:
    frame = pd.DataFrame(
        {
            "real": [1.5, math.nan],
            "text": ["x", None],
            "moment": [pd.Timestamp("2024-01-01"), pd.NaT],
            "integer": pd.array([1, None], dtype="Int64"),
            "boolean": pd.array([True, None], dtype="boolean"),
        }
    )

    back = round_trip(connection, frame)

    assert back.slice(1, 1).to_pylist() == [dict.fromkeys(frame.columns)]
    assert back["integer"].type == pa.int64()
    assert back["boolean"].type == pa.bool_()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts_of_every_layout_come_back(
    connection: _aft.Connection, kind: pa.DataType
) -> None:
    values = ["short", None, "a text of more than twelve bytes", "", "é"]

    back = round_trip(connection, pa.table({"a": pa.array(values, kind)}).slice(1))

    assert back["a"].to_pylist() == values[1:]


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)], ids=str
)
def test_bytes_of_every_layout_come_back(
    connection: _aft.Connection, kind: pa.DataType
) -> None:
    values = [b"\0\xff", None, b"xy"] + ([] if kind == pa.binary(2) else [b"", b"z" * 99])

    back = round_trip(connection, pa.table({"a": pa.array(values, kind)}))

    assert back["a"].to_pylist() == values


def test_categories_come_back_as_their_values(connection: _aft.Connection) -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y", None, "x"])})

    assert round_trip(connection, frame)["a"].to_pylist() == ["x", "y", None, "x"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_every_unit_come_back(connection: _aft.Connection, unit: str) -> None:
    values = pa.array([-1, 0, 1, None], pa.timestamp(unit))

    back = round_trip(connection, pa.table({"a": values}))

    assert back["a"].type == pa.timestamp(unit)
    assert back["a"].combine_chunks() == values


def test_a_zone_keeps_its_instant(connection: _aft.Connection) -> None:
    values = pa.array([0, 1], pa.timestamp("us", "Europe/Berlin"))

    back = round_trip(connection, pa.table({"a": values}))

    assert back["a"].type == pa.timestamp("us", "UTC")
    assert back["a"].cast(pa.int64()).to_pylist() == [0, 1]


def test_dates_and_times_come_back(connection: _aft.Connection) -> None:
    frame = pa.table(
        {
            "date": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
            "time": [datetime.time(0, 0), datetime.time(23, 59, 59, 999999)],
        }
    )

    assert round_trip(connection, frame) == frame


def test_decimals_keep_their_digits(connection: _aft.Connection) -> None:
    short = [decimal.Decimal("1.10"), decimal.Decimal("-99999999.99")]
    long = [decimal.Decimal("9" * 38), decimal.Decimal("-1")]
    frame = pa.table(
        {
            "short": pa.array(short, pa.decimal128(10, 2)),
            "long": pa.array(long, pa.decimal128(38, 0)),
        }
    )

    back = round_trip(connection, frame)

    assert back["short"].to_pylist() == [1.1, -99999999.99]
    assert back["long"].to_pylist() == ["9" * 38, "-1"]


def test_doubles_keep_every_bit(connection: _aft.Connection) -> None:
    source = random.Random(11)
    values = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(20000)]
    values = [value for value in values if not math.isnan(value)]

    back = round_trip(connection, pa.table({"a": values}))["a"].to_pylist()

    assert [v.hex() for v in back] == [v.hex() for v in values]


def test_random_frames_come_back_by_value(connection: _aft.Connection) -> None:
    source = random.Random(5)
    makers: dict[str, Callable[[], Any]] = {
        "integer": lambda: source.randint(-(2**63), 2**63 - 1),
        "real": lambda: source.uniform(-1e9, 1e9) * 10 ** source.randint(-300, 290),
        "text": lambda: "".join(
            chr(source.choice([0, 39, 34, 0x41, 0xE9, 0x20AC, 0x1F600]))
            for _ in range(source.choice([0, 1, 5, 1019, 1023, 1030]))
        ),
        "bytes": lambda: source.randbytes(source.choice([0, 1, 511, 512, 3000])),
    }
    for _ in range(20):
        rows = source.randint(0, 50)
        frame = pa.table(
            {
                name: pa.array(
                    [make() if source.random() > 0.2 else None for _ in range(rows)], kind
                )
                for (name, make), kind in zip(
                    makers.items(), [pa.int64(), pa.float64(), pa.string(), pa.binary()]
                )
            }
        )
        assert round_trip(connection, frame) == frame


def test_a_column_of_nulls_comes_back_as_one(connection: _aft.Connection) -> None:
    back = round_trip(connection, pa.table({"a": pa.nulls(3)}))

    assert back["a"].to_pylist() == [None] * 3


def test_a_frame_without_rows_makes_an_empty_table(connection: _aft.Connection) -> None:
    frame = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})

    assert write(connection, frame) == (0, 0)
    assert read(connection, "select * from t") == frame


def test_what_no_table_holds_is_refused_by_the_name_of_its_column(
    connection: _aft.Connection,
) -> None:
    for values, what in [
        ([[1, 2]], "lists"),
        ([{"x": 1}], "structs"),
        ([datetime.timedelta(1)], "durations or intervals"),
    ]:
        with pytest.raises(_aft.Error) as error:
            write(connection, pa.table({"good": [1], "bad": values}))
        assert str(error.value) == (
            f"cannot write 'main.t': column 'bad' holds {what}, which no column of a table "
            "holds; turn it into text or numbers"
        )


def test_a_view_gives_integers_and_doubles(connection: _aft.Connection) -> None:
    write(connection, pa.table({"i": [1, 2], "r": [0.5, 0.25]}))
    connection.execute("create view v as select count(*) n, sum(r) s, max(i) m from t")

    back = read(connection, "select * from v")

    assert back.to_pylist() == [{"n": 2, "s": 0.75, "m": 2}]
    assert back.schema.types == [pa.int64(), pa.float64(), pa.int64()]


def test_sqlite_itself_reads_what_was_written(connection: _aft.Connection, path: Path) -> None:
    write(connection, pd.DataFrame({"a": [1, 2], "b": ["x", None]}))

    with sqlite3.connect(path) as other:
        assert other.execute("select * from t").fetchall() == [(1, "x"), (2, None)]


def test_an_append_adds_rows(connection: _aft.Connection) -> None:
    frame = pa.table({"a": [1]})

    assert write(connection, frame, mode="append") == (1, 8)
    assert write(connection, frame, mode="append") == (1, 8)
    assert read(connection, "select * from t")["a"].to_pylist() == [1, 1]


def test_column_types_override_the_dialect(connection: _aft.Connection) -> None:
    values = pa.array([2**64 - 1], pa.uint64())

    write(connection, pa.table({"a": values}), column_types={"a": "TEXT"})

    assert read(connection, "select * from t")["a"].to_pylist() == [str(2**64 - 1)]


def test_an_error_carries_what_the_driver_said(connection: _aft.Connection) -> None:
    with pytest.raises(_aft.Error) as error:
        connection.read("select * from nowhere")

    assert str(error.value) == (
        "cannot run the query: SQLPrepare: HY000 [SQLite]no such table: nowhere (1)"
    )
    assert error.value.sqlstate == "HY000"
    assert error.value.native_code == 1
    assert error.value.function == "SQLPrepare"


def test_an_error_of_our_own_has_no_sqlstate(connection: _aft.Connection) -> None:
    with pytest.raises(_aft.Error) as error:
        write(connection, pa.table({}))

    assert error.value.sqlstate is None
    assert error.value.native_code is None
    assert error.value.function is None


def test_a_result_is_taken_once(connection: _aft.Connection) -> None:
    result = connection.read("select 1 as a")
    assert pa.table(result).num_rows == 1

    with pytest.raises(_aft.Error) as error:
        pa.table(result)

    assert str(error.value) == (
        "cannot read a result twice: its rows are gone; run the query again"
    )


def test_a_capsule_is_written_once(connection: _aft.Connection) -> None:
    class Frame:
        capsule = pa.table({"a": [1]}).__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return self.capsule

    frame = Frame()
    write(connection, frame)
    with pytest.raises(_aft.Error) as error:
        write(connection, frame)

    assert str(error.value) == "cannot write the stream: it has been read already"
    assert read(connection, "select * from t")["a"].to_pylist() == [1]


def test_a_frame_that_is_none_is_refused(connection: _aft.Connection) -> None:
    with pytest.raises(TypeError) as error:
        write(connection, [1, 2])

    assert str(error.value) == (
        "write() takes an object with __arrow_c_stream__, as frames have, and not "
        "<class 'list'>"
    )


def test_an_exception_of_the_frame_comes_through(connection: _aft.Connection) -> None:
    class Frame:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            raise ValueError("no rows today")

    with pytest.raises(ValueError, match=r"^no rows today$"):
        write(connection, Frame())


def test_a_generator_that_raises_leaves_the_old_table(connection: _aft.Connection) -> None:
    old = pa.table({"a": [42]})
    write(connection, old)

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(7):
            yield pa.record_batch({"a": [number]})
        raise ValueError("batch 7 is missing")

    stream = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
    with pytest.raises(_aft.Error, match="batch 7 is missing"):
        write(connection, stream)

    assert read(connection, "select * from t") == old
    assert read(connection, "select name from sqlite_master")["name"].to_pylist() == ["t"]


def test_a_result_is_written_without_a_frame_between(connection: _aft.Connection) -> None:
    write(connection, pa.table({"a": [1, 2, 3]}))

    rows, _ = write(connection, connection.read("select a * 10 as a from t", batch_rows=1))

    assert rows == 3
    assert read(connection, "select * from t")["a"].to_pylist() == [10, 20, 30]


def test_a_result_outlives_close(connection: _aft.Connection) -> None:
    write(connection, pa.table({"a": list(range(10))}))
    reader = pa.RecordBatchReader.from_stream(connection.read("select * from t", batch_rows=3))
    connection.close()

    assert reader.read_all().num_rows == 10
    with pytest.raises(_aft.Error, match=r"^cannot use the connection: it is closed$"):
        connection.read("select 1")


def test_statements_run_on_a_new_connection(path: Path) -> None:
    other = path.with_name("other.db")

    connection = _aft.Connection(
        connection_string(path), [f"attach database '{other}' as stage"]
    )
    connection.write(pa.table({"a": [1]}), relation("t", "stage"), "overwrite")

    with sqlite3.connect(other) as reader:
        assert reader.execute("select a from t").fetchall() == [(1,)]


def test_names_are_written_as_sqlite_takes_them(connection: _aft.Connection) -> None:
    name = relation('a"b')
    name["database"] = "warehouse"

    assert connection.sql_name(name) == '"main"."a""b"'
    assert connection.quote('a"b') == '"a""b"'


def test_execute_says_how_many_rows_changed(connection: _aft.Connection) -> None:
    assert connection.execute("create table t (a)") is None
    assert connection.execute("insert into t values (1), (2)") == 2
    assert connection.execute("select * from t") is None


def test_wrong_arguments_are_refused(connection: _aft.Connection) -> None:
    frame = pa.table({"a": [1]})
    with pytest.raises(ValueError, match=r"^mode must be 'overwrite' or 'append', not 'x'$"):
        write(connection, frame, mode="x")
    with pytest.raises(TypeError, match=r"^sql must be a str$"):
        connection.read(b"select 1")  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="schema"):
        connection.write(frame, {"database": None}, "overwrite")


def run_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


# Rows without end, of a column with a declared type.
ENDLESS = (
    "with recursive n (i) as (select 1 union all select 1 from n) select a from n cross join t"
)


def test_an_interrupt_stops_a_write_and_undoes_it(
    connection: _aft.Connection, path: Path
) -> None:
    write(connection, pa.table({"a": [42]}))
    process = run_python(
        """
        import sys
        from aft import _aft
        target = {"database": None, "schema": "main", "identifier": "t",
                  "quote_database": True, "quote_schema": True, "quote_identifier": True}
        connection = _aft.Connection(sys.argv[1])
        try:
            connection.write(connection.read(sys.argv[2]), target, "append")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
        connection_string(path),
        ENDLESS,
    )
    journal = path.with_name(path.name + "-journal")
    deadline = time.monotonic() + 60
    while not journal.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited in vain for the transaction"
        time.sleep(0.001)

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert output == "interrupted\n"
    assert read(connection, "select * from t")["a"].to_pylist() == [42]


def test_an_interrupt_stops_a_read(connection: _aft.Connection, path: Path) -> None:
    write(connection, pa.table({"a": [42]}))
    process = run_python(
        """
        import sys
        import pyarrow as pa
        from aft import _aft
        result = _aft.Connection(sys.argv[1]).read(sys.argv[2], batch_rows=1000)
        try:
            for number, batch in enumerate(pa.RecordBatchReader.from_stream(result)):
                if number == 0:
                    print("started", flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
        connection_string(path),
        ENDLESS,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert output == "interrupted\n"


def test_a_child_dies_with_its_parent() -> None:
    process = run_python(
        """
        import os
        from aft import _aft
        child = os.fork()
        if child == 0:
            _aft.die_with_parent(os.getppid())
            print("ready", flush=True)
            os.read(os.pipe()[0], 1)
        os.waitpid(child, 0)
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.kill()

    # The child holds the pipe too, so that its end is the child's.
    assert process.communicate(timeout=60)[0] == ""
