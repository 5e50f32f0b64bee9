# SPDX-License-Identifier: Apache-2.0
"""Tables that are read over several connections at once."""

from __future__ import annotations

from typing import Any

import pytest
from aft import _aft, messages
from aft.errors import AftError, WarehouseError
from aft.partitioned_read import PartitionedRead
from aft.query import Query, Sql
from aft.read_options import ReadOptions
from aft.row_stream import ResultReader
from aft.targets.partition import by_key
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer
from tests.unit.python_runtime.place import MANY, Place, target

KEY = {"sqlite": "integer primary key", "postgres": "bigint", "mariadb": "bigint primary key"}


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
    remarks = {"mariadb": "MariaDB has no snapshot that connections share"}
    assert [text.split(", so")[0] for text in warned] == 2 * [
        f"{place.schema}.typed is read in parts: {remarks[place.name]}"
        for _ in remarks
        if place.name in remarks
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

    def run(query: Query | Sql, connection: _aft.Connection) -> ResultReader:
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


def test_a_table_that_is_replaced_meanwhile_is_read_over_one_connection(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_moving = "select id from generate_series(1, 5000) as s (id)"
    postgres.run(f"create table moving as {fill_moving}")
    warehouse = Warehouse(target(postgres.connection_string, "public"))
    other, lease = warehouse._open(), warehouse._pool.lease
    warned: list[str] = []

    def lock_then_lease() -> _aft.Connection:
        if warehouse._pool._leased and not warned and not other_has:
            other_has.append(True)
            other.execute("begin")
            other.execute("truncate moving")
        return lease()

    def warn(text: str) -> None:
        warned.append(text)
        other.execute(f"insert into moving {fill_moving}")
        other.execute("commit")

    other_has: list[bool] = []
    monkeypatch.setattr(warehouse._pool, "lease", lock_then_lease)
    monkeypatch.setattr(messages, "warn", warn)

    table = warehouse.read_table(Query("moving"), 3)

    other.close()
    warehouse.close()
    postgres.run("drop table moving")
    assert table.num_rows == 5000
    assert warned == ["moving is read over one connection: another connection has locked it"]


def test_what_cannot_be_divided_is_read_over_one_connection(
    place: Place, warned: list[str]
) -> None:
    place.run(f"create view {place.schema}.copy as select id from {place.schema}.orders")

    rows = place.tables().ref(("copy",), None, partitions=2)

    place.run(f"drop view {place.schema}.copy")
    assert sorted(rows["id"]) == [1, 2, 3]
    reasons = {
        "sqlite": "it has no rowid, or no rows",
        "postgres": "it is a view",
        "mariadb": "it has no primary key",
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


def test_a_part_that_fails_leaves_nothing_open(place: Place) -> None:
    fill(place, "typed")
    where = {
        "sqlite": "case when id = 0 then abs(-9223372036854775807 - 1) else 1 end > 0",
        "postgres": "1 / id < 2",
        "mariadb": "case when id = 0 then (select 1 union select 2) else 1 end = 1",
    }[place.name]

    with pytest.raises(WarehouseError) as refused:
        place.tables().ref(("typed",), None, where=where, partitions=3)

    # No transaction is left that would keep the table.
    place.run(f"drop table {place.schema}.typed")
    message = {"sqlite": "overflow", "postgres": "division by zero", "mariadb": "than 1 row"}
    assert message[place.name] in str(refused.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"partitions": 0}, "'partitions' takes a number of connections up to 64, and not 0"),
        (
            {"partitions": "2"},
            "'partitions' takes a number of connections up to 64, and not '2'",
        ),
        ({"partitions": 2, "limit": 3}, "'partitions' and 'limit' exclude each other"),
        (
            {"partitions": 2, "frame": "batches"},
            "'partitions' is for whole frames, and not for 'batches'",
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
