# SPDX-License-Identifier: Apache-2.0
"""Others work on the target while a script writes it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from aft import _aft
from aft.errors import WarehouseError
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
    made = Warehouse(busy.target("busy"))
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

    if busy.name == "duckdb":
        with pytest.raises(WarehouseError, match="conflict") as refused:
            warehouse.write(frames(), TARGET, "overwrite", {})
        assert (refused.value.sqlstate, "\0" in str(refused.value)) == ("40001", False)
        assert busy.tables("busy") == ["t"] * (change != "drop table busy.t")
        return
    warehouse.write(frames(), TARGET, "overwrite", {})

    assert busy.rows("select * from busy.t order by a") == ["1", "2", "3"]
    assert busy.tables("busy") == ["t"]


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_duckdb_changes_no_table_that_others_have_changed_since_a_transaction_began(
    busy: Database,
) -> None:
    writer = busy.connect()
    writer.execute("begin")
    writer.execute("select 1 from busy.t")
    busy.run("alter table busy.t add column b bigint")

    with pytest.raises(_aft.Error, match="conflict"):
        writer.execute("drop table busy.t")

    writer.close()


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
