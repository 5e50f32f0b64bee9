# SPDX-License-Identifier: Apache-2.0
"""Each call that a write to a server makes of its ODBC driver fails once."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from aft import _aft
from aft.errors import AftError, WarehouseError
from aft.manifest import Relation
from aft.profile import Target
from aft.row_stream import ResultReader
from aft.warehouse import Warehouse

from tests.faults import failing
from tests.faults.failing import (
    FRAME,
    NEW,
    OLD,
    TARGET,
    rows_and_tables,
    rows_of,
)
from tests.support import databases
from tests.support.databases import Database

INSTEAD, AFTERWARDS = 0, 1
MOST_CALLS = 2000

database = failing.database
connection = failing.connection


@pytest.fixture
def control() -> ctypes.CDLL:
    return databases.fault_driver()


@pytest.fixture
def warehouse(database: Database) -> Iterator[Warehouse]:
    """A script's way to the server, through the driver that fails."""
    target = Target("p", "t", 1, "any", None, "faults", {}, database.connection_string)
    made = Warehouse(target)
    yield made
    made.close()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("mode", ["overwrite", "append"])
@pytest.mark.parametrize("moment", [INSTEAD, AFTERWARDS], ids=["undone", "committed"])
def test_what_became_of_a_commit_without_an_answer_is_found_out(
    database: Database, control: ctypes.CDLL, warehouse: Warehouse, mode: str, moment: int
) -> None:
    frame = pa.table({"a": [1, 2, 3], "s": ["x", "y", "z"]})
    control.aft_fault_arm(b"SQLEndTran", 1, moment, b"08S01", 0)

    warehouse.write(frame, Relation(None, "faults", "t"), mode, {})

    assert control.aft_fault_count() > 0
    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
    assert rows_of(database) == (NEW if mode == "overwrite" else sorted(OLD + NEW))
    assert warehouse.meter.rows_written == 3


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize("moment", [INSTEAD, AFTERWARDS], ids=["undone", "committed"])
def test_a_commit_without_an_answer_is_said_where_nobody_can_tell(
    database: Database, control: ctypes.CDLL, warehouse: Warehouse, moment: int
) -> None:
    frame = pa.table({"a": [1, 2, 3], "s": ["x", "y", "z"]})
    control.aft_fault_arm(b"SQLEndTran", 1, moment, b"08S01", 0)

    with pytest.raises(WarehouseError, match="whether the rows are there could not") as error:
        warehouse.write(frame, Relation(None, "faults", "t"), "append", {})

    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
    assert not error.value.is_undone
    warehouse.close()
    assert rows_of(database) == (OLD if moment == INSTEAD else sorted(OLD + NEW))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_generator_is_not_written_again_after_a_commit_that_was_undone(
    database: Database, control: ctypes.CDLL, warehouse: Warehouse
) -> None:
    frames = iter([pa.table({"a": [1], "s": ["x"]})])
    control.aft_fault_arm(b"SQLEndTran", 1, INSTEAD, b"08S01", 0)

    with pytest.raises(WarehouseError, match="08S01") as error:
        warehouse.write(frames, Relation(None, "faults", "t"), "append", {})

    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
    assert error.value.is_undone
    assert rows_of(database) == OLD


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_decimals_and_times_come_many_rows_at_a_time(
    database: Database, warehouse: Warehouse, control: ctypes.CDLL
) -> None:
    database.run("create table faults.d (n decimal(65, 30), t time(6), d date, a bigint)")
    row = "-99999999999999999999999999999999999.9, '23:59:59.000001', '2024-02-29', 1"
    database.run(f"insert into faults.d values ({row}), (null, null, null, 2), ({row})")
    table = Relation(None, "faults", "d")
    values = warehouse.read_table(table).column("n").to_pylist()

    control.aft_fault_row(2)
    try:
        with pytest.raises(AftError, match="row 2 could not be read"):
            warehouse.read_table(table)
    finally:
        control.aft_fault_row(0)
    assert values == [-1e35, None, -1e35]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("sqlstate", [b"40001", b"57014", b"HYT00"])
def test_an_error_that_passes_does_not_make_writes_slow(
    control: ctypes.CDLL, connection: _aft.Connection, sqlstate: bytes
) -> None:
    control.aft_fault_arm(b"SQLExecDirect", 1, INSTEAD, sqlstate, 0)
    with pytest.raises(_aft.Error, match=sqlstate.decode()):
        connection.write(FRAME, TARGET, "overwrite")
    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)

    connection.write(FRAME, TARGET, "overwrite")

    assert connection.last_sink == "array columns"


class Failure(NamedTuple):
    """What came of work during which a call failed."""

    number: int  # Of the call, from 1.
    was_hit: bool  # False when the work makes no such call any more.
    error: Exception | None
    context: str


def fail_each(
    control: ctypes.CDLL,
    work: Callable[[], None],
    function: bytes = b"",
    moment: int = INSTEAD,
    for_good: int = 0,
) -> Iterator[Failure]:
    """Let the first, the second, … call of the function fail until the work needs no more."""
    for number in range(1, MOST_CALLS):
        control.aft_fault_arm(function, number, moment, b"HY999", for_good)
        error: Exception | None = None
        try:
            work()
        except (_aft.Error, AftError) as raised:
            error = raised
        was_hit = control.aft_fault_count() > 0
        context = f"call {number}, {control.aft_fault_function().decode()}: {error}"
        control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
        assert error is None or "HY999 injected into SQL" in str(error), context
        assert control.aft_fault_open_handles() == 0, context
        yield Failure(number, was_hit, error, context)
        if not was_hit:
            return
    pytest.fail("it never gets through")


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("mode", ["overwrite", "upsert"])
def test_lists_and_json_are_all_there_or_none(
    database: Database, control: ctypes.CDLL, mode: str
) -> None:
    lists, json = ("bigint[]", "jsonb") if database.server == "postgres" else ("json", "json")
    database.run(f"create table faults.n (a bigint, l {lists}, j {json})")
    database.run("insert into faults.n values (42, null, null)")
    of_json = pa.array(['{"k": 1}', None, "{}"], pa.json_())
    frame = pa.table({"a": [1, 2, 3], "l": [[1, None], [], None], "j": of_json})
    target = {**TARGET, "identifier": "n"}
    new = ["1|2|1", "2|0|0", "3||1"]

    def work() -> None:
        with contextlib.closing(_aft.Connection(database.connection_string)) as connection:
            connection.write(frame, target, mode, unique_key=["a"] * (mode == "upsert"))

    length = "cardinality(l)" if database.server == "postgres" else "json_length(l)"
    rows = f"select a, {length}, (j is not null) from faults.n where a < 42 order by a"
    for failure in fail_each(control, work, b"SQLExecDirect"):
        found = [
            row.replace("|t", "|1").replace("|f", "|0").replace("NULL", "")
            for row in database.rows(rows)
        ]
        assert found in ([], new), failure.context
        assert failure.error or found == new, failure.context
        database.run("delete from faults.n where a < 42")
    assert failure.number > 3


def write(connection_string: str, mode: str) -> None:
    connection = _aft.Connection(connection_string)
    try:
        connection.write(FRAME, TARGET, mode, unique_key=["a"] if mode == "upsert" else [])
    finally:
        connection.close()


# What differs elsewhere is how a table takes another's place, which an append does not do.
@pytest.mark.parametrize(
    ("database", "mode", "moment", "for_good"),
    [
        *itertools.product(["postgres"], ["overwrite", "append"], [INSTEAD], [0, 1]),
        *itertools.product(["postgres"], ["overwrite", "append"], [AFTERWARDS], [0]),
        *itertools.product(["postgres", "mariadb"], ["upsert"], [INSTEAD], [0]),
        *itertools.product(["mariadb"], ["overwrite"], [INSTEAD], [0, 1]),
        *itertools.product(["mariadb"], ["overwrite"], [AFTERWARDS], [0]),
        # Without a connection, nothing brings back a table that was set aside.
        *itertools.product(["unknown-mariadb"], ["overwrite"], [INSTEAD, AFTERWARDS], [0]),
    ],
    indirect=["database"],
)
def test_a_write_is_whole_or_has_not_happened(
    database: Database, control: ctypes.CDLL, mode: str, moment: int, for_good: int
) -> None:
    # Where no rollback removes what a lost connection leaves, the next write does.
    is_left = for_good == 1 and database.server == "mariadb"
    done = NEW if mode == "overwrite" else sorted(OLD + NEW)
    # Of an unknown database, the driver is asked much that has nothing to do with writing.
    function = b"" if database.is_known else b"SQLExecDirect"
    work = functools.partial(write, database.connection_string, mode)
    for failure in fail_each(control, work, function, moment, for_good):
        rows, tables = rows_and_tables(database)
        assert rows in (OLD, done), failure.context
        assert failure.error or rows == done, failure.context
        assert (is_left and failure.was_hit) or tables == ["t"], failure.context
        if rows == done:
            # The answer to a commit was lost, or what failed was not needed.
            database.run("delete from faults.t; insert into faults.t values (42, 'old')")
    assert failure.number > (20 if database.is_known else 3)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("function", [b"SQLPrepare", b"SQLBindParameter", b"SQLExecute"])
def test_rows_sent_one_by_one_are_all_there_or_none(
    database: Database, control: ctypes.CDLL, function: bytes
) -> None:
    sends_text = database.connection_string + ";UseServerSidePrepare=0"

    for failure in fail_each(control, lambda: write(sends_text, "append"), function):
        whole = sorted(OLD + NEW)
        assert rows_of(database) == (OLD if failure.error else whole), failure.context
        database.run("delete from faults.t where a < 42")
    assert failure.number > 1


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_arrays_are_lists_or_an_error(database: Database, control: ctypes.CDLL) -> None:
    database.run("insert into faults.t values (43, null), (44, '{x,NULL}'), (45, '{}')")
    read: list[Any] = []

    def work() -> None:
        read.clear()
        with contextlib.closing(_aft.Connection(database.connection_string)) as connection:
            result = connection.read("select s::text[] as s from faults.t where a > 42", 2)
            read.extend(ResultReader(result).read_all().column("s").to_pylist())

    for failure in fail_each(control, work):
        assert failure.error or read == [None, ["x", None], []], failure.context
    assert failure.number > 3


@pytest.mark.parametrize("database", ["postgres", "mariadb", "unknown-mariadb"], indirect=True)
def test_a_read_gives_all_rows_or_an_error(database: Database, control: ctypes.CDLL) -> None:
    database.run("insert into faults.t values (43, null), (44, 'x'), (45, 'y'), (46, 'z')")
    read: list[int] = []

    def work() -> None:
        read.clear()
        with contextlib.closing(_aft.Connection(database.connection_string)) as connection:
            result = connection.read("select a, s from faults.t order by a", 2)
            read.extend(ResultReader(result).read_all().column("a").to_pylist())

    for failure in fail_each(
        control, work, function=b"" if database.is_known else b"SQLFetch"
    ):
        assert failure.error or read == [42, 43, 44, 45, 46], failure.context
    assert failure.number > 3
