# SPDX-License-Identifier: Apache-2.0
"""Tables that are read over several connections at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from aft import messages
from aft.connection import Connection
from aft.errors import AftError, WarehouseError
from aft.partitioned_read import PartitionedRead
from aft.query import Query, Sql
from aft.read_options import ReadOptions
from aft.row_stream import ResultReader
from aft.targets.partition import by_key
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer
from tests.support.processes import PATIENCE
from tests.unit.python_runtime.place import MANY, Place, target

KEY = {
    "sqlite": "integer primary key",
    "postgres": "bigint",
    "mariadb": "bigint primary key",
    "duckdb": "bigint",
}
SHARED = "DuckDB's own threads share the work"


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What aft has warned of."""
    texts: list[str] = []
    monkeypatch.setattr(messages, "warn", texts.append)
    return texts


def fill(place: Place, name: str) -> None:
    """A table of many rows with an integer key."""
    table = f"{place.schema}.{name}"
    place.run(f"drop table if exists {table}")
    place.run(f"create table {table} (id {KEY[place.name]})")
    place.run(f"insert into {table} select id * 3 from {place.schema}.many")


@pytest.mark.parametrize("partitions", [2, 3, 7])
def test_parts_have_each_row_once(place: Place, warned: list[str], partitions: int) -> None:
    fill(place, "typed")
    tables = place.tables()

    whole = tables.ref(("typed",), None, frame="arrow", partitions=partitions)
    some = tables.ref(("typed",), None, where="id < 30 or id = 33", partitions=partitions)

    assert sorted(whole["id"].to_pylist()) == [3 * n for n in range(MANY)]
    assert sorted(some["id"]) == [*range(0, 30, 3), 33]
    remarks = {
        "mariadb": ["in parts: MariaDB has no snapshot that connections share"],
        "duckdb": [f"over one connection: {SHARED}"],
    }.get(place.name, [])
    assert [text.split(", so")[0] for text in warned] == 2 * [
        f"{place.schema}.typed is read {remark}" for remark in remarks
    ]
    # The connections are given back without an open transaction.
    place.run(f"drop table {place.schema}.typed")


def test_rows_of_a_table_that_changes_meanwhile_are_of_one_moment(
    postgres: PostgresServer,
) -> None:
    postgres.run(
        "create table moving as select 1 as n, id from generate_series(1, 5000) as s (id)"
    )
    warehouse = Warehouse(target(postgres.connection_string, "public"))

    def run(query: Query | Sql, connection: Connection) -> ResultReader:
        if isinstance(query, Query):
            # Each row goes to another place.
            postgres.run("update moving set n = n + 1")
        return warehouse._run(query, connection)

    read = PartitionedRead(warehouse._pool, run, Query("moving")).read(3)

    assert read is not None
    assert sorted(read[0]["id"].to_pylist()) == list(range(1, 5001))
    assert read[0]["n"].unique().to_pylist() == [1]
    warehouse.close()
    postgres.run("drop table moving")


LOCKS = {
    "sqlite": (["begin exclusive"], "commit"),
    "postgres": (
        ["begin", "truncate {0}", "insert into {0} select 3 * id from {1}"],
        "commit",
    ),
    "mariadb": (["lock tables {0} write"], "unlock tables"),
}


def read_locked(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    locks: tuple[list[str], str],
    moment: str = "meanwhile",
) -> tuple[list[int], list[str]]:
    """Read a table that another connection locks until aft warns; ids, and the warnings."""
    warehouse = Warehouse(place.target)
    other, lease = warehouse._open(), warehouse._pool.lease
    left, warned = locks[0].copy(), list[str]()
    # A read that waits for the lock would do so for ever, and then does not warn.
    patience = threading.Timer(PATIENCE, other.close)
    patience.start()

    def lock_then_lease() -> Connection:
        has_looked = bool(warehouse._pool._leased)
        while left and (has_looked or moment == "before"):
            other.execute(left.pop(0).format(f"{place.schema}.typed", f"{place.schema}.many"))
        return lease()

    def warn(text: str) -> None:
        warned.append(text)
        other.execute(locks[1])

    monkeypatch.setattr(warehouse._pool, "lease", lock_then_lease)
    monkeypatch.setattr(messages, "warn", warn)
    table = warehouse.read_table(Query(f"{place.schema}.typed"), 3)
    patience.cancel()
    other.close()
    warehouse.close()
    return sorted(table["id"].to_pylist()), warned


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_a_table_that_is_locked_is_read_over_one_connection(
    place: Place, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    if place.name == "duckdb":
        pytest.skip("readers of DuckDB wait for nobody")
    fill(place, "typed")

    ids, warned = read_locked(place, monkeypatch, LOCKS[place.name], moment)

    place.run(f"drop table {place.schema}.typed")
    assert ids == [3 * n for n in range(MANY)]
    assert warned == [
        f"{place.schema}.typed is read over one connection: another connection has locked it"
    ]


def test_a_materialized_view_that_is_refreshed_meanwhile_is_read_over_one_connection(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.name != "postgres":
        pytest.skip("others have none")
    view = f"{place.schema}.typed"
    place.run(f"create materialized view {view} as select id from {place.schema}.many")
    refresh = ["begin", "refresh materialized view {0}"]

    ids, warned = read_locked(place, monkeypatch, (refresh, "commit"))
    parts = place.tables().ref(("typed",), None, frame="arrow", partitions=3)

    place.run(f"drop materialized view {view}")
    assert ids == list(range(MANY))
    assert sorted(parts["id"].to_pylist()) == ids
    assert warned == [f"{view} is read over one connection: another connection has locked it"]


NO_PARTS: dict[str, list[tuple[str, int | None, str | None]]] = {
    "sqlite": [
        ("(id integer)", None, "it has no rows"),
        ("(id integer primary key) without rowid", 7, "it has no rowid"),
        ("(id integer, rowid text default 'a')", 7, None),
        (
            "(id integer, rowid text default 'a', _rowid_ default 'b', oid default 'c')",
            7,
            "its own columns have all names of the rowid",
        ),
    ],
    "postgres": [("(id integer)", None, None)],
    "mariadb": [
        ("(id uuid primary key)", None, "it has no rows"),
        ("(id varchar(9) primary key)", 7, "its primary key does not begin with an integer"),
        ("(id decimal(3) primary key)", 7, "its primary key does not begin with an integer"),
        ("(id bigint unsigned primary key)", 2**64 - 1, None),
    ],
    "duckdb": [("(id integer)", None, SHARED), ("(id uint64)", 2**64 - 1, SHARED)],
}


def test_tables_with_other_keys_or_none_are_read(place: Place, warned: list[str]) -> None:
    for definition, value, reason in NO_PARTS[place.name]:
        place.run(f"create table {place.schema}.typed {definition}")
        if value is not None:
            place.run(f"insert into {place.schema}.typed (id) values ({value})")
        warned.clear()

        rows = place.tables().ref(("typed",), None, frame="arrow", partitions=2)

        place.run(f"drop table {place.schema}.typed")
        assert [int(each) for each in rows["id"].to_pylist()] == [value][: value is not None]
        single = [text for text in warned if "in parts" not in text]
        text = f"{place.schema}.typed is read over one connection: {reason}"
        assert single == [text][: reason is not None]


def test_a_write_reads_parts_over_its_own_connection(place: Place, warned: list[str]) -> None:
    fill(place, "typed")
    tables = place.tables()

    def frames() -> Iterator[pa.Table]:
        # More than SQLite keeps in memory before it locks others out.
        yield pa.table({"id": [0] * 100, "s": ["x" * 100_000] * 100})
        ids = tables.ref(("typed",), None, partitions=2)["id"]
        yield pa.table({"id": ids, "s": ["y"] * len(ids)})

    place.write(frames(), "copy")

    place.run(f"drop table {place.schema}.typed")
    place.run(f"drop table {place.schema}.copy")
    reasons = {
        "sqlite": ["others would wait for the write that this script has begun"],
        "duckdb": [SHARED],
    }.get(place.name, [])
    assert [each for each in warned if "one connection" in each] == [
        f"{place.schema}.typed is read over one connection: {reason}" for reason in reasons
    ]


def test_a_limit_is_read_over_one_connection(place: Place, warned: list[str]) -> None:
    rows = place.tables().ref(("many",), None, partitions=2, limit=5)

    assert len(rows) == 5
    assert warned == [f"{place.schema}.many is read over one connection: it has a limit"]


def test_what_cannot_be_divided_is_read_over_one_connection(
    place: Place, warned: list[str]
) -> None:
    place.run(f"create view {place.schema}.copy as select id from {place.schema}.orders")

    rows = place.tables().ref(("copy",), None, partitions=2)

    place.run(f"drop view {place.schema}.copy")
    assert sorted(rows["id"]) == [1, 2, 3]
    reasons = {
        "sqlite": "it is a view",
        "postgres": "it is a view",
        "mariadb": "it has no primary key",
        "duckdb": SHARED,
    }
    (text,) = warned
    assert text == f"{place.schema}.copy is read over one connection: {reasons[place.name]}"


def test_parts_of_other_types_are_read_as_one(place: Place) -> None:
    if place.name != "sqlite":
        pytest.skip("columns of servers have one type")
    place.run("create table typed (a)")
    place.run("insert into typed values (1), (2.5), (null)")

    table = place.tables().ref(("typed",), None, frame="arrow", partitions=3)

    place.run("drop table typed")
    assert table.to_pydict() == {"a": [1.0, 2.5, None]}


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_arrays_are_read_in_parts_whatever_their_dimensions(place: Place) -> None:
    place.run(
        f"create table {place.schema}.typed as select id, array[id] as one, "
        "case when id < 2990 then '{}' else '{{1},{2}}'::int[] end as two "
        "from generate_series(0, 2999) id"
    )

    table = place.tables().ref(("typed",), None, frame="arrow", partitions=3).sort_by("id")

    place.run(f"drop table {place.schema}.typed")
    assert table["one"].to_pylist() == [[n] for n in range(3000)]
    assert table["two"].to_pylist() == [[]] * 2990 + [[[1], [2]]] * 10


def test_a_part_that_fails_leaves_nothing_open(place: Place) -> None:
    fill(place, "typed")
    where = {
        "sqlite": "case when id = 0 then abs(-9223372036854775807 - 1) else 1 end > 0",
        "postgres": "1 / id < 2",
        "mariadb": "case when id = 0 then (select 1 union select 2) else 1 end = 1",
        "duckdb": "case when id = 0 then error('no more') end is null",
    }[place.name]

    with pytest.raises(WarehouseError) as refused:
        place.tables().ref(("typed",), None, where=where, partitions=3)

    # No transaction is left that would keep the table.
    place.run(f"drop table {place.schema}.typed")
    message = {
        "sqlite": "overflow",
        "postgres": "division by zero",
        "mariadb": "than 1 row",
        "duckdb": "no more",
    }
    assert message[place.name] in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partitions": 0}, "'partitions' takes a number of connections up to 64, and not 0"),
        (
            {"partitions": "2"},
            "'partitions' takes a number of connections up to 64, and not '2'",
        ),
        (
            {"partitions": 2, "frame": "batches"},
            "'partitions' is for whole frames, because 'batches' keeps one batch in memory",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AftError) as refused:
        ReadOptions(**options)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("least", "most", "parts"), [(0, 9, 3), (-5, -5, 4), (0, 1, 4), (-(2**63), 2**63 - 1, 2)]
)
def test_each_key_meets_one_condition(least: int, most: int, parts: int) -> None:
    conditions = by_key("k", least, most, parts)

    assert len(conditions) <= parts
    for key in {least - 1, least, (least + most) // 2, most, most + 1, *range(-6, 11)}:
        assert sum(bool(eval(each, {}, {"k": key})) for each in conditions) == 1
