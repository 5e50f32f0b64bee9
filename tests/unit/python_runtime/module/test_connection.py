# SPDX-License-Identifier: Apache-2.0
"""Connections of the extension module, driven from Python over SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft import _aft

from tests.unit.python_runtime.module.sqlite import connection_string, read, relation, write


def test_the_driver_of_sqlite_is_listed() -> None:
    assert "SQLite3" in _aft.drivers()


def test_a_connection_names_its_database(connection: _aft.Connection) -> None:
    assert connection.dbms_name == "SQLite"


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


def test_a_result_keeps_what_its_stream_failed_with(connection: _aft.Connection) -> None:
    connection.execute("create table t (a int)")
    connection.execute("insert into t values (1), (2), ('three')")
    result = connection.read("select * from t", batch_rows=1)
    reader = pa.RecordBatchReader.from_stream(result)
    result.raise_failure()
    with pytest.raises(OSError, match="row 3 holds the text 'three'"):
        reader.read_all()

    with pytest.raises(
        _aft.Error, match=r"^cannot read column 'a': row 3 holds the text 'three'"
    ):
        result.raise_failure()


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
    with pytest.raises(ValueError, match=r"^there is no mode 'x'$"):
        write(connection, frame, mode="x")
    with pytest.raises(TypeError, match=r"^sql must be a str$"):
        connection.read(b"select 1")  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="schema"):
        connection.write(frame, {"database": None}, "overwrite")
