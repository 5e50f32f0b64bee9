# SPDX-License-Identifier: Apache-2.0
"""A write whose process is killed leaves the old rows or the new ones, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aft import _aft

from tests.support.duckdb_file import DuckdbFile
from tests.support.place import Place, frame
from tests.support.processes import PATIENCE, wait_until

MODES = ("overwrite", "append", "upsert", "delete+insert")
ROWS = 20_000
WRITES = f"""
import json, sys
import pyarrow as pa
from aft import _aft
string, relation, mode = json.loads(sys.stdin.readline())
schema = pa.schema({{"k": pa.int64(), "s": pa.string()}})
def batches():
    yield from pa.table({{"k": range({ROWS}), "s": ["new"] * {ROWS}}}, schema).to_batches()
    print("sent", flush=True)
    sys.stdin.readline()
frame = pa.RecordBatchReader.from_batches(schema, batches())
key = ["k"] if mode in ("upsert", "delete+insert") else []
if string.endswith("duckdb"):
    from pathlib import Path
    from aft.transports.duckdb_settings import DuckdbSettings
    connection = DuckdbSettings(Path(string)).connect()
else:
    connection = _aft.Connection(string)
connection.write(frame, relation, mode, unique_key=key)
"""
# What keeps a write from publishing its rows, and shows that it waits.
LOCKS = {
    "postgres": ("lock table merges.t in share mode", "pg_stat_activity", "wait_event_type"),
    "mariadb": ("lock tables merges.t read", "information_schema.processlist", "state"),
}


@contextmanager
def sent(place: Place, mode: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has sent its rows, and goes on when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITES],
        env={"PYTHONPATH": str(Path(_aft.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([place.string, place.relation(), mode]) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "sent\n"
        yield process


def next_write_cleans(place: Place) -> bool:
    """Whether another write works and leaves nothing but the table."""
    place.write(frame(k=[7], s=["next"]), "overwrite")
    return place.rows() == ["7|next"] and place.tables() == ["t"]


@pytest.mark.parametrize("place", ["sqlite", "postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("mode", MODES)
def test_a_write_that_is_killed_before_it_publishes_changes_nothing(
    place: Place, mode: str
) -> None:
    place.make("k bigint, s varchar(9)", "1, 'old'")

    with sent(place, mode) as process:
        process.kill()

    assert place.rows() == ["1|old"]
    # The server has to notice first.
    wait_until(lambda: next_write_cleans(place), "nothing is left")


@pytest.mark.parametrize("mode", MODES)
def test_a_write_to_duckdb_that_is_killed_changes_nothing(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "shop.duckdb"
    file = DuckdbFile(path)
    file.run("create schema merges; create table merges.t (k bigint, s varchar)")
    file.run("insert into merges.t values (1, 'old')")
    file.close()

    with sent(Place("duckdb", "merges", str(path), lambda _: []), mode) as process:
        process.kill()

    file = DuckdbFile(path)
    place = Place("duckdb", "merges", "", lambda sql: file.run(sql).splitlines(), file)
    assert place.rows() == ["1|old"]
    assert next_write_cleans(place)
    file.close()


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "append"])
def test_a_write_that_is_killed_while_it_publishes_leaves_no_mixture(
    place: Place, mode: str
) -> None:
    place.make("k bigint, s varchar(9)", f"{ROWS}, 'old'")
    lock, sessions, column = LOCKS[place.name]
    other = _aft.Connection(place.string)
    waiting = (
        f"select 1 from {sessions} where {column} = 'Lock' or {column} like 'Waiting for%'"
    )

    with sent(place, mode) as process:
        other.execute("begin")
        other.execute(lock)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        wait_until(lambda: place.run(waiting) == ["1"], "the write waits for the lock")
        process.kill()
    other.close()

    kept = [str(ROWS)] if mode == "overwrite" else [str(ROWS + 1)]
    assert place.rows("count(*)") in (["1"], kept)
    wait_until(lambda: next_write_cleans(place), "nothing is left")


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
def test_the_next_write_leaves_the_staging_table_of_one_that_goes_on(place: Place) -> None:
    with sent(place, "overwrite") as alive:
        with sent(place, "overwrite") as killed:
            place.run("create table merges.aft_old_0123456789abcdef (a int)")
            place.run("create view merges.aft_old_0123456789abcdea as select 1")
            place.run("create table merges.aft_staging_of_mine (a int)")
            assert len(place.tables()) == 5
            killed.kill()

        def is_clean() -> bool:
            place.write(frame(k=[7]), "overwrite")
            return len(place.tables()) == 3

        # One is that of the write that goes on.
        wait_until(is_clean, "the server notices the killed one")
        alive.communicate("go on\n", timeout=PATIENCE)
        assert alive.returncode == 0

    assert sorted(place.tables()) == ["aft_staging_of_mine", "t"]
    assert place.rows("count(*)") == [str(ROWS)]
