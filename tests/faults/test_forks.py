# SPDX-License-Identifier: Apache-2.0
"""Threads and forks of a script use the warehouse at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import databases
from tests.support.duckdb_file import DuckdbFile
from tests.support.example import LTV, SCRIPT
from tests.support.programs import PACKAGES
from tests.support.server_project import ServerProject

PATIENCE = 120

START = f"""
import multiprocessing, os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, {str(PACKAGES)!r})
import pyarrow as pa
from aft.profile import Target
from aft.manifest import Relation
from aft.warehouse import Warehouse

if sys.argv[1].endswith("duckdb"):
    target = Target("p", "t", 1, "duckdb", None, "main", {{"path": sys.argv[1]}}, None)
else:
    target = Target("p", "t", 1, "any", None, "busy", {{}}, sys.argv[1])
warehouse = Warehouse(target)
forks = multiprocessing.get_context("fork")
T = Relation(None, sys.argv[2], "t")
def total(_=None):
    return int(pa.compute.sum(warehouse.read_table(T)["a"]).as_py())
def append(number):
    warehouse.write(pa.table({{"a": [number]}}), T, "append", {{}})
warehouse.write(pa.table({{"a": range(1001)}}), T, "overwrite", {{}})
"""


@pytest.fixture(params=["postgres", "mariadb", "sqlite", "duckdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The connection string, or DuckDB's file, and a schema of each database in turn."""
    if request.param == "duckdb":
        path = tmp_path / "busy.duckdb"
        DuckdbFile(path).close()
        yield str(path), "main"
        return
    if request.param == "sqlite":
        (tmp_path / "busy.db").touch()
        yield f"Driver=SQLite3;Database={tmp_path / 'busy.db'}", "main"
        return
    database = databases.database(request.param, request.getfixturevalue(request.param))
    database.make_schema("busy")
    yield database.connection_string, "busy"
    assert database.tables("busy") == ["t"]
    database.drop_schema("busy")
    database.drop_schema("busy_new")


def outcome(place: tuple[str, str], text: str) -> list[str]:
    """What a program prints that uses the warehouse of `START`."""
    ended = subprocess.run(
        [sys.executable, "-c", START + text, *place],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    return ended.stdout.splitlines()


def test_forks_and_threads_read_and_append_side_by_side(place: tuple[str, str]) -> None:
    printed = outcome(
        place,
        """
with forks.Pool(4) as pool:
    print(set(pool.map(total, range(16))))
    print(total())
    pool.map(append, range(1, 5))
with ThreadPoolExecutor(4) as pool:
    print(set(pool.map(total, range(16))))
    list(pool.map(append, range(5, 9)))
print(total())
""",
    )

    assert printed == ["{500500}", "500500", "{500510}", "500536"]


def test_forks_read_while_their_parent_reads_a_stream(place: tuple[str, str]) -> None:
    printed = outcome(
        place,
        """
big = pa.table({"a": range(200_000), "b": ["x" * 50] * 200_000})
warehouse.write(big, T, "overwrite", {})
rows, sums = 0, set()
for batch in warehouse.stream(T):
    rows += batch.num_rows
    with forks.Pool(2) as pool:
        sums |= set(pool.map(total, range(2)))
print(rows, sums)
""",
    )

    if place[0].endswith("duckdb"):
        # Its file would be open in two processes.
        assert any("this process was forked while" in line for line in printed)
        return
    assert printed == ["200000 {19999900000}"]


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
def test_forks_make_the_same_new_schema(place: tuple[str, str]) -> None:
    printed = outcome(
        place,
        """
together = forks.Barrier(8)
def make(number):
    total()
    together.wait()
    new = Relation(None, sys.argv[2] + "_new", f"t{number}")
    warehouse.write(pa.table({"a": [number]}), new, "overwrite", {})
with forks.Pool(8) as pool:
    pool.map(make, range(8), chunksize=1)
print("made")
""",
    )

    assert printed == ["made"]


def test_a_fork_in_the_middle_of_a_write_leaves_it_alone(place: tuple[str, str]) -> None:
    printed = outcome(
        place,
        """
def tell(read):
    try:
        print(read(), flush=True)
    except Exception as error:
        print(error, flush=True)
def frames():
    yield pa.table({"a": [1]})
    child = forks.Process(target=tell, args=[total])
    child.start()
    child.join()
    if os.fork() == 0:
        yield pa.table({"a": [2]})
    if os.fork() == 0:
        raise ValueError("in a fork")
    os.wait()
    os.wait()
    yield pa.table({"a": [3]})
warehouse.write(frames(), T, "overwrite", {})
print(total())
""",
    )

    seen = "500500"
    if place[1] == "main":
        name = "DuckDB" if place[0].endswith("duckdb") else "SQLite"
        seen = (
            f"this process was forked in the middle of a write, after which {name} cannot be "
            "used in it; fork it before write_to_model() begins"
        )
    assert printed[0] == seen
    assert "ValueError: in a fork" in printed
    assert printed[-1] == "4"


def test_one_thread_writes_at_a_time(place: tuple[str, str]) -> None:
    printed = outcome(
        place,
        """
begun = threading.Event()
def slow():
    yield pa.table({"a": [1]})
    begun.set()
    time.sleep(0.3)
    print("slow ends")
    yield pa.table({"a": [2]})
def nested():
    yield pa.table({"a": [1]})
    try:
        append(5)
    except Exception as error:
        print(error)
    yield pa.table({"a": [2]})
with ThreadPoolExecutor() as pool:
    first = pool.submit(warehouse.write, slow(), T, "overwrite", {})
    begun.wait()
    append(4)
    print("appended", total())
    first.result()
warehouse.write(nested(), T, "overwrite", {})
print(total())
""",
    )

    assert printed == [
        "slow ends",
        "appended 7",
        "cannot write while another write of this thread is open: the generator that "
        "write_to_model() takes its frames from calls it itself; write one after the other",
        "3",
    ]


APPENDS = """
import multiprocessing
import pandas as pd

def append(number):
    write_to_model(pd.DataFrame({"a": [number] * len(ref("customers"))}), mode="append")

def fail(_):
    ref("missing_table")

with multiprocessing.get_context("fork").Pool(2) as pool:
    pool.map(append, range(3))
    try:
        pool.map(fail, range(2))
    except Exception as error:
        print(type(error).__name__, error.sqlstate)
raise ConnectionError("after the rows were there")
"""


def test_what_forks_of_a_script_append_counts_and_is_not_repeated(
    server_project: ServerProject,
) -> None:
    customers = server_project.rows("select count(*) from shop.customers")[0]
    server_project.rows(f"drop table shop.{LTV} cascade")
    ephemeral = "{{ config(materialized='ephemeral') }} select 1 as a"
    server_project.write("models/missing_table.sql", ephemeral)
    server_project.write(SCRIPT, APPENDS)
    server_project.bind(LTV, {"after": [{"path": SCRIPT, "retries": 3}]})

    run = server_project.aft("dbt", "run", "--select", LTV)

    assert run.exit_code == 1, run.output
    assert "WarehouseError 42P01" in run.output
    (entry,) = server_project.results()
    assert "not tried again because it may have appended rows" in entry["message"]
    assert entry["rows"]["written"] == 3 * int(customers)
    assert server_project.rows(f"select count(*) from shop.{LTV}") == [str(3 * int(customers))]
