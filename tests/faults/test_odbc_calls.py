# SPDX-License-Identifier: Apache-2.0
"""Each call that a write to PostgreSQL makes of its ODBC driver fails once."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft
from aft.errors import WarehouseError
from aft.profile import Target
from aft.project import Relation
from aft.warehouse import Warehouse

from tests.end_to_end.project import BUILD
from tests.support.postgres import PostgresServer

FAULT_DRIVER = BUILD / "tests" / "faults" / "libaft_fault_driver.so"
INSTEAD, AFTERWARDS = 0, 1
MOST_CALLS = 2000
TARGET = {
    "database": None,
    "schema": "faults",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
OLD, NEW = ["42|old"], ["1|x", "2|y", "3|z"]


@pytest.fixture(scope="module")
def control() -> ctypes.CDLL:
    (driver,) = Path("/usr/lib").glob("*/odbc/psqlodbca.so")
    library = ctypes.CDLL(str(FAULT_DRIVER))
    library.aft_fault_function.restype = ctypes.c_char_p
    library.aft_fault_use(str(driver).encode())
    return library


@pytest.fixture
def connection_string(postgres: PostgresServer) -> Iterator[str]:
    postgres.run("create schema faults")
    postgres.run("create table faults.t (a bigint, s text)")
    postgres.run("insert into faults.t values (42, 'old')")
    _, _, rest = postgres.connection_string.partition(";")
    yield f"Driver={FAULT_DRIVER};{rest}"
    postgres.run("drop schema faults cascade")


@pytest.fixture
def warehouse(connection_string: str) -> Iterator[Warehouse]:
    """A script's way to the server, through the driver that fails."""
    target = Target("p", "t", 1, "postgres", None, "faults", {}, connection_string)
    made = Warehouse(target)
    yield made
    made.close()


@pytest.mark.parametrize("mode", ["overwrite", "append"])
@pytest.mark.parametrize("moment", [INSTEAD, AFTERWARDS], ids=["undone", "committed"])
def test_what_became_of_a_commit_without_an_answer_is_found_out(
    postgres: PostgresServer,
    control: ctypes.CDLL,
    warehouse: Warehouse,
    mode: str,
    moment: int,
) -> None:
    frame = pa.table({"a": [1, 2, 3], "s": ["x", "y", "z"]})
    relation = Relation(None, "faults", "t")
    control.aft_fault_arm(b"SQLEndTran", 1, moment, b"08S01", 0)

    warehouse.write(frame, relation, mode, {})

    assert control.aft_fault_count() > 0
    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
    rows = sorted(postgres.run("select a, s from faults.t").splitlines())
    assert rows == (NEW if mode == "overwrite" else sorted(OLD + NEW))
    assert warehouse.meter.rows_written == 3


def test_a_generator_is_not_written_again_after_a_commit_that_was_undone(
    postgres: PostgresServer, control: ctypes.CDLL, warehouse: Warehouse
) -> None:
    frames = iter([pa.table({"a": [1], "s": ["x"]})])
    control.aft_fault_arm(b"SQLEndTran", 1, INSTEAD, b"08S01", 0)

    with pytest.raises(WarehouseError, match="08S01") as error:
        warehouse.write(frames, Relation(None, "faults", "t"), "append", {})

    control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)
    assert error.value.is_undone
    assert postgres.run("select a, s from faults.t").splitlines() == OLD


def write(connection_string: str, mode: str) -> None:
    frame = pa.table({"a": [1, 2, 3], "s": ["x", "y", "z"]})
    connection = _aft.Connection(connection_string)
    try:
        connection.write(frame, TARGET, mode)
    finally:
        connection.close()


@pytest.mark.parametrize("mode", ["overwrite", "append"])
@pytest.mark.parametrize(
    ("moment", "for_good"), [(INSTEAD, 0), (INSTEAD, 1), (AFTERWARDS, 0)], ids=str
)
def test_a_write_is_whole_or_has_not_happened(
    postgres: PostgresServer,
    control: ctypes.CDLL,
    connection_string: str,
    mode: str,
    moment: int,
    for_good: int,
) -> None:
    done = NEW if mode == "overwrite" else sorted(OLD + NEW)
    for number in range(1, MOST_CALLS):
        control.aft_fault_arm(b"", number, moment, b"HY999", for_good)
        error: Any = None
        try:
            write(connection_string, mode)
        except _aft.Error as raised:
            error = raised
        was_hit = control.aft_fault_count() > 0
        context = f"call {number}, {control.aft_fault_function().decode()}: {error}"
        control.aft_fault_arm(b"", 0, INSTEAD, b"", 0)

        rows = sorted(postgres.run("select a, s from faults.t").splitlines())
        assert rows in (OLD, done), context
        assert error or rows == done, context
        assert error is None or "HY999 injected into SQL" in str(error), context
        assert (
            postgres.run(
                "select string_agg(tablename, ' ') from pg_tables where schemaname = 'faults'"
            )
            == "t"
        ), context
        assert control.aft_fault_open_handles() == 0, context
        if not was_hit:
            assert number > 20
            return
        if rows == done:
            # The answer to a commit was lost, or what failed was not needed.
            postgres.run("delete from faults.t; insert into faults.t values (42, 'old')")
    pytest.fail("it never gets through")
