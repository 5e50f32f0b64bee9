# SPDX-License-Identifier: Apache-2.0
"""Others work on the target while a script writes it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from aft.manifest import Relation
from aft.profile import Target
from aft.warehouse import Warehouse

from tests.support.databases import Database
from tests.support.processes import PATIENCE, wait_until

TARGET = Relation(None, "busy", "t")


@pytest.fixture
def busy(database: Database) -> Iterator[Database]:
    """Each database, with a schema `busy` in which a table `t` has one row."""
    database.make_schema("busy")
    database.run("create table busy.t (a bigint)")
    database.run("insert into busy.t values (42)")
    yield database
    database.drop_schema("busy")


@pytest.fixture
def warehouse(busy: Database) -> Iterator[Warehouse]:
    made = Warehouse(Target("p", "t", 1, "any", None, "busy", {}, busy.connection_string))
    yield made
    made.close()


@pytest.mark.parametrize(
    "change",
    [
        "drop table busy.t",
        "alter table busy.t add column b bigint",
        "drop table busy.t; create view busy.t as select 1 as a",
        "drop table busy.t; create table busy.t (other int)",
    ],
)
def test_the_target_of_an_overwrite_may_change_meanwhile(
    busy: Database, warehouse: Warehouse, change: str
) -> None:
    def frames() -> Iterator[pa.Table]:
        yield pa.table({"a": [1, 2]})
        busy.run(change)
        yield pa.table({"a": [3]})

    warehouse.write(frames(), TARGET, "overwrite", {})

    assert busy.rows("select * from busy.t order by a") == ["1", "2", "3"]
    assert busy.tables("busy") == ["t"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file with a table `t`."""
    made = tmp_path / "shop.db"
    connection = sqlite3.connect(made)
    connection.execute("create table t (a integer)")
    connection.close()
    return made


def test_a_locked_file_is_written_when_it_is_free(file: Path) -> None:
    credentials = {"schemas_and_paths": {"main": str(file)}}
    target = Target("p", "t", 1, "sqlite", None, "main", credentials, None)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("begin exclusive")
    writer = threading.Thread(target=write, args=(target,), daemon=True)
    writer.start()
    # Each of its tries ends with a wait.
    wait_until(lambda: waits(writer) > 20, "the write is tried again and again")
    assert writer.is_alive()

    holder.execute("commit")
    writer.join(PATIENCE)

    assert holder.execute("select a from t").fetchall() == [(1,)]
    holder.close()


def write(target: Target) -> None:
    warehouse = Warehouse(target)
    warehouse.write(pa.table({"a": [1]}), Relation(None, "main", "t"), "append", {})
    warehouse.close()


def waits(thread: threading.Thread) -> int:
    """How often a thread has given up the processor."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
