# SPDX-License-Identifier: Apache-2.0
"""Rows that a driver loses, or changes, are missed; those that a table skips are told."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from itertools import product

import pyarrow as pa
import pytest
from aft import _aft

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
from tests.support.place import Place, frame

WHOLE, CUT, CUT_SILENTLY, REPEATS_FIRST, NULL_IS_ZERO = range(5)
ROWS_LOST, EVERY_SECOND_ROW_LOST, INSERTS_CUT = range(5, 8)
database = failing.database
connection = failing.connection

MODES = ("overwrite", "append", "upsert", "delete+insert")


@pytest.fixture
def change_arrays() -> Iterator[Callable[[int], None]]:
    """What the driver is to make of the rows that are sent from now on."""
    control: ctypes.CDLL = databases.fault_driver()
    yield control.aft_fault_arrays
    control.aft_fault_arrays(WHOLE)


def key_of(mode: str) -> list[str]:
    return [] if mode in ("overwrite", "append") else ["a"]


@pytest.mark.parametrize("database", ["mariadb", "postgres"], indirect=True)
def test_a_driver_that_mishandles_arrays_gets_its_rows_one_by_one(
    database: Database, change_arrays: Callable[[int], None]
) -> None:
    frame = pa.table({"a": [1, None, 3, 0], "s": ["x", None, "z", ""]})
    number = "cast(a as char(1))"
    values = f"select concat_ws('|', coalesce({number}, '?'), coalesce(s, '?')) from faults.t"

    for arrays in (CUT, CUT_SILENTLY, REPEATS_FIRST, NULL_IS_ZERO):
        change_arrays(arrays)
        with contextlib.closing(_aft.Connection(database.connection_string)) as connection:
            connection.write(frame, TARGET, "overwrite")
        assert sorted(database.rows(values)) == ["0|", "1|x", "3|z", "?|?"], arrays
    assert rows_and_tables(database)[1] == ["t"]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    ("arrays", "mode", "message"),
    [
        (
            CUT,
            "overwrite",
            "3 rows were sent, and the driver says that the database has taken 2",
        ),
        (CUT, "append", r"taken 2 of them, in rows 1 to 3 of the frame"),
        (
            CUT_SILENTLY,
            "overwrite",
            "3 rows were sent, and the database has taken 2; does its",
        ),
    ],
)
def test_a_driver_that_begins_to_lose_rows_is_found_out(
    database: Database,
    connection: _aft.Connection,
    change_arrays: Callable[[int], None],
    arrays: int,
    mode: str,
    message: str,
) -> None:
    connection.write(pa.table({"a": [42], "s": ["old"]}), TARGET, "overwrite")
    change_arrays(arrays)

    with pytest.raises(_aft.Error, match=message):
        connection.write(FRAME, TARGET, mode)

    assert rows_and_tables(database) == (OLD, ["t"])


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("arrays", [CUT, CUT_SILENTLY])
def test_rows_that_are_lost_from_the_arrays_of_columns_are_missed(
    database: Database,
    connection: _aft.Connection,
    change_arrays: Callable[[int], None],
    mode: str,
    arrays: int,
) -> None:
    connection.write(pa.table({"a": [42], "s": ["old"]}), TARGET, "overwrite")
    assert connection.last_sink == "array columns"
    change_arrays(arrays)

    with pytest.raises(_aft.Error, match="3 rows were sent, and the database has taken 2; do"):
        connection.write(FRAME, TARGET, mode, unique_key=key_of(mode))

    assert rows_and_tables(database) == (OLD, ["t"])


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("mode", MODES)
def test_rows_that_are_lost_one_by_one_are_missed(
    database: Database, change_arrays: Callable[[int], None], mode: str
) -> None:
    # Rows of which each is too large for two to be sent at once.
    large = pa.table({"a": [1, 2, 3], "s": ["x" * 3_000_000] * 3})
    in_text = ";UseServerSidePrepare=0" if database.server == "postgres" else ""
    sent = FRAME if in_text else large
    type_name = "text" if in_text else "longtext"
    database.run(f"drop table faults.t; create table faults.t (a bigint, s {type_name})")
    database.run("insert into faults.t values (42, 'old')")
    change_arrays(ROWS_LOST)

    with (
        contextlib.closing(
            _aft.Connection(database.connection_string + in_text)
        ) as connection,
        pytest.raises(
            _aft.Error, match="3 rows were sent, and the database has taken 0; does"
        ),
    ):
        connection.write(sent, TARGET, mode, unique_key=key_of(mode))

    assert rows_of(database) == OLD


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("mode", MODES)
def test_rows_that_are_not_lost_are_there(database: Database, mode: str) -> None:
    in_text = database.connection_string + ";UseServerSidePrepare=0"

    with contextlib.closing(_aft.Connection(in_text)) as connection:
        connection.write(FRAME, TARGET, mode, unique_key=key_of(mode))
        assert connection.notices == []

    assert rows_of(database) == (NEW if mode == "overwrite" else sorted(OLD + NEW))


@pytest.mark.parametrize("database", ["unknown-postgres", "unknown-mariadb"], indirect=True)
def test_rows_that_an_unknown_database_does_not_get_are_missed(
    database: Database, connection: _aft.Connection, change_arrays: Callable[[int], None]
) -> None:
    change_arrays(EVERY_SECOND_ROW_LOST)

    with pytest.raises(_aft.Error, match="3 rows were sent, and the database has taken 2; do"):
        connection.write(FRAME, TARGET, "append")

    assert rows_and_tables(database) == (OLD, ["t"])


@pytest.mark.parametrize(
    ("database", "mode"),
    # Nobody says what an UPDATE counts where the database is unknown.
    [
        *product(databases.DRIVERS, ["upsert"]),
        *product(databases.OVER_ODBC, ["delete+insert"]),
    ],
    indirect=["database"],
)
def test_rows_that_a_merge_loses_are_missed(
    database: Database,
    connection: _aft.Connection,
    change_arrays: Callable[[int], None],
    mode: str,
) -> None:
    change_arrays(INSERTS_CUT)

    with pytest.raises(_aft.Error, match="3 rows were sent, and the database has taken 2; do"):
        connection.write(FRAME, TARGET, mode, unique_key=key_of(mode))

    assert rows_and_tables(database) == (OLD, ["t"])


TRIGGER = (
    "create function merges.f() returns trigger language plpgsql as "
    "'begin if new.k = 2 then return null; end if; return new; end';"
    "create trigger g before insert on merges.t for each row execute function merges.f()"
)
RULE = "create rule r as on insert to merges.t where new.k = 2 do instead nothing"
TOOK_TWO = (
    "'{}.t' took 2 of 3 rows: a trigger, rule or constraint of the table left out the others"
)
IGNORE = "create trigger g before insert on t when new.k = 2 begin select raise(ignore); end"


@pytest.mark.parametrize("mode", ["append", "upsert", "delete+insert"])
@pytest.mark.parametrize(
    ("place", "skips", "takes"),
    [
        ("postgres", TRIGGER, 2),
        ("postgres", RULE, 2),
        ("sqlite", IGNORE, 2),
        ("sqlite", "create unique index i on t (k)", 3),
    ],
    indirect=["place"],
)
def test_rows_that_the_table_skips_are_told(
    place: Place, skips: str, takes: int, mode: str
) -> None:
    place.make("k int, v int")
    place.run(skips)
    rows = frame(k=pa.array([1, 2, 3], pa.int32()), v=[1, 2, 3])

    said = place.write(rows, mode, ["k"] * (mode != "append"))

    assert said == (TOOK_TWO.format(place.schema) if takes == 2 else "")
    assert place.rows("k") == ["1", "2", "3"][:: 1 if takes == 3 else 2]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_rows_that_a_part_of_a_partition_skips_are_told(place: Place) -> None:
    place.run("create table merges.t (k int) partition by range (k)")
    all_rows = "for values from (0) to (9)"
    place.run(f"create table merges.p partition of merges.t {all_rows} partition by range (k)")
    place.run(f"create table merges.q partition of merges.p {all_rows}")
    place.run(TRIGGER.replace("merges.t", "merges.q"))

    said = place.write(frame(k=pa.array([1, 2, 3], pa.int32())), "append")

    assert said == TOOK_TWO.format(place.schema)
    assert place.rows() == ["1", "3"]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_rows_that_a_trigger_does_not_let_be_updated_are_told(place: Place) -> None:
    place.make("k int, v int", "1, 1", "2, 2", "2, 3")
    place.run(TRIGGER.replace("insert on", "update on"))

    said = place.write(frame(k=[1, 2, 3], v=[10, 20, 30]), "upsert", ["k"])

    assert said == TOOK_TWO.format(place.schema)
    assert place.rows() == ["1|10", "2|2", "2|3", "3|30"]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_rows_that_a_constraint_skips_are_told(place: Place) -> None:
    place.make("k int unique on conflict ignore", "2")

    said = place.write(frame(k=[1, 2, 3]), "append")

    assert said.startswith("'main.t' took 2 of 3 rows: a trigger, rule or constraint")
    assert place.rows() == ["1", "2", "3"]
