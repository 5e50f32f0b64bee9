# SPDX-License-Identifier: Apache-2.0
"""Rows that replace others by their key, and tables whose columns are not the frame's."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft

from tests.support import databases
from tests.support.processes import wait_until
from tests.unit.python_runtime.module.sqlite import connection_string

KEYED = ("upsert", "delete+insert")


@dataclass
class Place:
    """A database with an empty schema of the test's own."""

    name: str
    schema: str
    string: str
    run: Callable[[str], Any]  # By other means than what is tested.

    @property
    def server(self) -> str:
        return self.name.removeprefix("unknown-")

    def write(
        self,
        frame: pa.Table | pa.RecordBatchReader,
        mode: str,
        key: list[str] | None = None,
        **more: Any,
    ) -> str:
        """Write into `t`; what it says."""
        connection = _aft.Connection(self.string)
        try:
            connection.write(frame, self.relation(), mode, unique_key=key or [], **more)
            return "\n".join(connection.notices)
        finally:
            connection.close()

    def relation(self) -> dict[str, Any]:
        """The table's name, as the extension module takes it."""
        names = {"database": None, "schema": self.schema, "identifier": "t"}
        quotes = dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), True)
        return {**names, **quotes}

    def make(self, columns: str, *rows: str) -> None:
        self.run(f"create table {self.schema}.t ({columns})")
        for row in rows:
            self.run(f"insert into {self.schema}.t values ({row})")

    def rows(self, columns: str = "*") -> list[str]:
        return self.run(f"select {columns} from {self.schema}.t order by 1")

    def tables(self) -> list[str]:
        if self.name == "sqlite":
            return self.run("select name from sqlite_master where type = 'table'")
        return self.run(
            "select table_name from information_schema.tables "
            f"where table_schema = '{self.schema}'"
        )


@pytest.fixture(params=["sqlite", *databases.NAMES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        path = tmp_path / "test.db"

        def ask(sql: str) -> list[str]:
            connection = sqlite3.connect(path)
            with connection:
                rows = connection.execute(sql).fetchall()
            connection.close()
            return ["|".join("" if v is None else str(v) for v in row) for row in rows]

        yield Place("sqlite", "main", connection_string(path), ask)
        return
    server = request.getfixturevalue(request.param.removeprefix("unknown-"))
    made = databases.database(request.param, server)
    made.make_schema("merges")
    yield Place(request.param, "merges", made.connection_string, made.rows)
    made.drop_schema("merges")


def frame(**columns: Any) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize("mode", KEYED)
def test_rows_with_a_key_of_the_frame_are_replaced(place: Place, mode: str) -> None:
    place.make(
        "day varchar(9) not null, id int not null, v varchar(9), other varchar(9), unique (v)",
        "'mo', 1, 'a', 'x'",
        "'mo', 2, 'b', 'y'",
        "'tu', 1, 'c', 'z'",
    )

    place.write(frame(id=[1, 9], v=["new", "more"], day=["tu", "tu"]), mode, ["day", "id"])
    # Unlike a key, another unique index decides nothing.
    with pytest.raises(_aft.Error):
        place.write(frame(id=[3], v=["a"], day=["mo"]), mode, ["day", "id"])

    kept = "z" if mode == "upsert" else ""
    nothing = "NULL" if place.server == "mariadb" else ""
    assert place.rows("day, id, v, other") == [
        "mo|1|a|x",
        "mo|2|b|y",
        f"tu|1|new|{kept or nothing}",
        f"tu|9|more|{nothing}",
    ]
    assert place.tables() == ["t"]


@pytest.mark.parametrize("mode", KEYED)
def test_keys_that_are_none_are_refused_by_name(place: Place, mode: str) -> None:
    place.make("k int, s varchar(9)", "1, 'old'")
    what = "upsert into" if mode == "upsert" else "delete and insert in"
    refusal = f"cannot {what} '{place.schema}.t': the frame's row with "

    with pytest.raises(_aft.Error) as none:
        place.write(frame(k=pa.array([1, None], pa.int32()), s=["x", "y"]), mode, ["s", "k"])
    with pytest.raises(_aft.Error) as twice:
        place.write(frame(k=[7, 8, 7], s=["x", "y", "z"]), mode, ["k"])

    assert str(none.value) == refusal + "s = 'y', k = NULL has a NULL in its key"
    assert str(twice.value) == refusal + "k = '7' is there more than once"
    assert place.rows() == ["1|old"]
    assert place.tables() == ["t"]


@pytest.mark.parametrize("mode", KEYED)
def test_a_table_that_is_missing_is_made(place: Place, mode: str) -> None:
    with pytest.raises(_aft.Error, match="k = '1' is there more than once"):
        place.write(frame(k=[1, 1]), mode, ["k"])
    assert place.tables() == []

    place.write(frame(k=[1, 2]), mode, ["k"])

    assert place.rows() == ["1", "2"]
    assert place.tables() == ["t"]


COUNTS = {
    "postgres": "id int generated always as identity",
    "mariadb": "id int auto_increment primary key",
    "sqlite": "id integer primary key",
}


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_the_database_fills_what_the_frame_leaves_out(place: Place, mode: str) -> None:
    twice = "twice int generated always as (k * 2) stored"
    place.make(f"k int, {COUNTS[place.server]}, s varchar(9) default 'x', {twice}")
    # Nobody says of a database that aft doesn't know what it fills.
    policy = "fail" if not place.name.startswith("unknown") else ""

    place.write(
        frame(k=[1, 2]), mode, ["k"] if mode in KEYED else None, on_schema_change=policy
    )

    assert place.rows("k, id, s, twice") == ["1|1|x|2", "2|2|x|4"]


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_columns_change_as_dbt_would_change_them(place: Place, mode: str) -> None:
    place.make("k int, old int", "1, 7")
    key = ["k"] if mode in KEYED else None
    nothing = "NULL" if place.server == "mariadb" else ""
    wider = frame(k=[2], new=["a"])

    with pytest.raises(_aft.Error, match="the table has no column 'new'; add it"):
        place.write(wider, mode, key)
    with pytest.raises(_aft.Error, match="the frame has no column 'old', which"):
        place.write(frame(k=[2]), mode, key, on_schema_change="fail")
    ignored = place.write(wider, mode, key, on_schema_change="ignore")
    assert place.rows() == ["1|7", f"2|{nothing}"]
    place.write(frame(k=[3], new=["a"]), mode, key, on_schema_change="append_new_columns")
    assert place.rows() == ["1|7|" + nothing, f"2|{nothing}|{nothing}", f"3|{nothing}|a"]
    place.write(frame(k=[4], new=["b"]), mode, key, on_schema_change="sync_all_columns")

    assert place.rows() == [f"1|{nothing}", f"2|{nothing}", "3|a", "4|b"]
    assert ignored == (
        f"on_schema_change for '{place.schema}.t': left out: the table doesn't have them: "
        f"'new'\n'{place.schema}.t' gets NULL in new rows for columns that the frame doesn't "
        "have: 'old'"
    )
    assert place.tables() == ["t"]


def test_a_write_that_fails_leaves_the_columns(place: Place) -> None:
    place.make("k int primary key", "1")

    with pytest.raises(_aft.Error):
        place.write(
            frame(k=[2, 1], new=["a", "b"]), "append", on_schema_change="append_new_columns"
        )

    assert place.rows() == ["1"]


def failing(columns: pa.Table, before: Callable[[], Any]) -> pa.RecordBatchReader:
    """A frame that does `before` and fails when it has given its rows."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield from columns.to_batches()
        before()
        raise ValueError("the frame fails")

    return pa.RecordBatchReader.from_batches(columns.schema, batches())


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_write_that_fails_drops_no_column(place: Place, mode: str) -> None:
    place.make("k int, old int, check (k < 9)", "1, 7")
    key = ["k"] if mode in KEYED else None
    sync = {"on_schema_change": "sync_all_columns"}
    seen: list[list[str]] = []
    # Others may read the table until its columns change.
    fails = failing(frame(k=[2], new=["a"]), lambda: seen.append(place.rows()))

    with pytest.raises(_aft.Error, match="the frame fails"):
        place.write(fails, mode, key, **sync)
    with pytest.raises(_aft.Error):
        place.write(frame(k=[10], new=["a"]), mode, key, **sync)

    assert seen == [["1|7"]]
    assert place.rows() == ["1|7"]


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_column_that_another_writer_adds_stays(place: Place, mode: str) -> None:
    place.make("k int", "1")
    wider = frame(k=[2], new=["a"])

    def batches() -> Iterator[pa.RecordBatch]:
        yield from wider.to_batches()
        place.run(f"alter table {place.schema}.t add new varchar(9) default 'x'")

    stream = pa.RecordBatchReader.from_batches(wider.schema, batches())
    if place.server == "sqlite":
        pytest.skip("one writer at a time")
    with pytest.raises(_aft.Error):
        place.write(
            stream,
            mode,
            ["k"] if mode in KEYED else None,
            on_schema_change="append_new_columns",
        )

    assert place.rows() == ["1|x"]


KILLED = """
import json, signal, sys
import pyarrow as pa
from aft import _aft
string, relation, mode = json.loads(sys.stdin.readline())
def batches():
    yield from pa.table({"k": range(100_000)}).to_batches()
    print("half", flush=True)
    signal.pause()
schema = pa.schema({"k": pa.int64()})
frame = pa.RecordBatchReader.from_batches(schema, batches())
_aft.Connection(string).write(frame, relation, mode, unique_key=["k"])
"""


@pytest.mark.parametrize("place", ["sqlite", "postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("mode", KEYED)
def test_a_process_that_is_killed_leaves_nothing(place: Place, mode: str) -> None:
    place.make("k bigint, s varchar(9)", "1, 'old'")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env={"PYTHONPATH": str(Path(_aft.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([place.string, place.relation(), mode]) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "half\n"
        process.kill()

    wait_until(lambda: place.tables() == ["t"], "nothing is left")
    assert place.rows() == ["1|old"]
    place.write(frame(k=[1, 2], s=["new", "more"]), mode, ["k"])
    assert place.rows() == ["1|new", "2|more"]


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
def test_rows_that_a_foreign_key_would_delete_are_kept(place: Place) -> None:
    place.make("k int primary key", "1")
    place.run(
        "create table merges.o (k int, constraint refers foreign key (k) "
        "references merges.t (k) on delete cascade)"
    )
    place.run("insert into merges.o values (1)")
    try:
        with pytest.raises(
            _aft.Error, match=r"table merges\.o refers to it by the foreign key"
        ):
            place.write(frame(k=[1]), "delete+insert", ["k"])
        place.write(frame(k=[1]), "upsert", ["k"])

        assert place.run("select k from merges.o") == ["1"]
    finally:
        place.run("drop table merges.o")
