# SPDX-License-Identifier: Apache-2.0
"""Queries of the user's own, and their parameters, on each database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import aft
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError, WarehouseError

from tests.unit.python_runtime.place import Place

MOMENT = dt.datetime(2024, 2, 29, 12, 34, 56, 123456)
VALUES: dict[str, Any] = {
    "flag": True,
    "large": -(2**63),
    "ratio": 0.1 + 0.2,
    "tiny": 5e-324,
    "amount": Decimal("-1234567890123.45"),
    "words": "it's ü😀\\ ? -- /*",
    "raw": b"\x00\xff'",
    "day": MOMENT.date(),
    "moment": MOMENT,
}
IN_UTC = dt.datetime(2024, 2, 29, 14, 34, 56, 123456, dt.timezone(dt.timedelta(hours=2)))
MARKS = "cannot run the query: it has 1 parameter mark (?), but"
TAKEN = "'parameters' takes a list with a value for each '?' of the query, and not"


def query(place: Place, sql: str, *parameters: Any) -> list[Any]:
    """The rows, and of a row with one value the value alone."""
    table = place.tables().read_sql(sql, parameters or None, frame="arrow")
    rows = [tuple(row.values()) for row in table.to_pylist()]
    return [row[0] if len(row) == 1 else row for row in rows]


def test_parameters_of_each_kind_find_what_was_written(place: Place) -> None:
    place.write(pa.table({name: [value] for name, value in VALUES.items()}), "typed")
    table = f"{place.schema}.typed"

    for name, value in VALUES.items():
        assert query(place, f"select count(*) from {table} where {name} = ?", value) == [1]
        assert query(place, f"select count(*) from {table} where {name} = ?", None) == [0]
    both = f"select words from {table} where moment = ? and '?' <> words and amount < ? -- ?"
    assert query(place, both, IN_UTC, 10) == [VALUES["words"]]
    assert query(place, f"select count(*) from {table} where large = ?", np.int64(-(2**63)))
    place.run(f"drop table {table}")


@pytest.mark.parametrize("value", [2.5, np.float32(2.5)])
def test_a_parameter_that_decides_a_columns_type_changes_no_value(
    place: Place, value: Any
) -> None:
    assert query(place, "select 2 + ? as total", value) == [4.5]
    assert query(place, "select coalesce(?, 5) as found", value) == [2.5]
    # Two columns of one name are one in a dictionary.
    assert query(place, "select 1 as a, 2 as a where 3 > ?", value) == [2]


def test_a_moment_finds_what_was_written_with_it(place: Place) -> None:
    whole = MOMENT.replace(microsecond=0)
    moments = [whole, whole.replace(microsecond=500_000)]
    place.write(pa.table({"moment": pa.array(moments, pa.timestamp("us"))}), "typed")
    table = f"{place.schema}.typed"

    found = [
        query(place, f"select count(*) from {table} where moment = ?", m) for m in moments
    ]
    since = query(place, f"select count(*) from {table} where moment >= ?", whole)

    place.run(f"drop table {table}")
    assert (found, since) == ([[1], [1]], [2])


def test_a_statement_with_parameters_runs_once(place: Place) -> None:
    table = f"{place.schema}.typed"
    place.run(f"drop table if exists {table}")
    place.run(f"create table {table} (id integer)")
    statements = {
        "sqlite": [],
        "postgres": [f"insert into {table} values (?) returning id"],
        "duckdb": [f"insert into {table} values (?) returning id"],
        "mariadb": [
            f"insert into {table} values (?) returning id",
            f"call {place.schema}.put(?)",
            f"select {place.schema}.put(?) as a, 1 as a",
        ],
    }[place.name]
    if place.name == "mariadb":
        place.run("set global log_bin_trust_function_creators = 1")
        insert = f"begin insert into {table} values (n);"
        for kind in ("procedure", "function"):
            place.run(f"drop {kind} if exists {place.schema}.put")
        place.run(
            f"delimiter //\ncreate procedure {place.schema}.put(n int) {insert} select n; "
            f"end//\ncreate function {place.schema}.put(n int) returns int modifies sql data "
            f"{insert} return n; end//"
        )

    for number, sql in enumerate(statements):
        query(place, sql, number)

    ids = query(place, f"select id from {table} order by id")
    place.run(f"drop table {table}")
    assert ids == [*range(len(statements))]


def test_integers_beyond_64_bits_and_decimals_keep_their_digits(place: Place) -> None:
    large, long = 2**63 + 1, Decimal("12345678901234567890.123456789")
    kind = "text" if place.name == "sqlite" else "decimal(38, 9)"
    cast = f"select cast(? as {kind}) as v"

    assert [Decimal(value) for value in query(place, cast, large)] == [large]
    assert [Decimal(value) for value in query(place, cast, long)] == [long]


def test_a_parameter_is_never_part_of_the_query(place: Place) -> None:
    hostile = "'; drop table orders; --"
    sql = f'select count(*) as n from {place.schema}.orders where "select" = ?'
    sql = sql.replace('"', "`") if place.name == "mariadb" else sql

    assert query(place, sql, hostile) == [0]
    assert query(place, sql, "a") == [1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            None,
            "cannot run the query: it has 1 parameter mark (?), but 0 parameters were given",
        ),
        (
            [1, 2],
            "cannot run the query: it has 1 parameter mark (?), but 2 parameters were given",
        ),
        (
            {"id": 1},
            "'parameters' takes a list with a value for each '?' of the query, and not a dict",
        ),
        (
            "1",
            "'parameters' takes a list with a value for each '?' of the query, and not a str",
        ),
        (
            5,
            "'parameters' takes a list with a value for each '?' of the query, and not an int",
        ),
        (
            pd.DataFrame({"id": [1]}),
            "'parameters' takes a list with a value for each '?' of the query, and not a "
            "DataFrame",
        ),
        (
            [[1]],
            "parameter 1 is a list, which cannot be bound; parameters are None, bool, int, "
            "float, Decimal, str, bytes, date and datetime",
        ),
        (
            [float("nan")],
            "parameter 1 is nan, which not every database has; pass None for NULL",
        ),
        (
            [Decimal("Infinity")],
            "parameter 1 is Infinity, which not every database has; pass None for NULL",
        ),
        ([pd.NaT], "parameter 1 is NaT; pass None for NULL"),
        (
            [pd.Timestamp("2024-01-01 00:00:00.000000001")],
            "parameter 1 has nanoseconds, which datetime does not keep",
        ),
        (["\ud800"], "parameter 1 is a text with half a character in it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters_that_cannot_be_bound_are_refused(
    place: Place, parameters: Any, message: str
) -> None:
    with pytest.raises(AftError) as refused:
        place.tables().read_sql("select 1 as a where 1 = ?", parameters)

    assert str(refused.value) == message


def test_a_text_with_nul_is_whole_or_refused(place: Place) -> None:
    if place.name == "postgres":
        with pytest.raises(AftError, match="parameter 1 is a text with a NUL character in it"):
            query(place, "select ? as a", "a\0b")
    else:
        assert query(place, "select ? as a", "a\0b") == ["a\0b"]


def test_an_error_names_the_condition(place: Place) -> None:
    for frame in ("arrow", "batches"):
        with pytest.raises(WarehouseError) as refused:
            place.tables().ref(("orders",), None, frame=frame, where="amuont > 1")
        assert str(refused.value).endswith("; the condition is where='amuont > 1'")


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    string = f"Driver=SQLite3;Database={tmp_path}/none.db"
    message = (
        f"there is no database file '{tmp_path}/none.db'; add NoCreat=0 to the connection "
        "string to have it made"
    )

    with pytest.raises(aft.Error) as unread:
        aft.read_sql(string, "select 1")
    with pytest.raises(aft.Error) as unwritten:
        aft.write_table(string, pd.DataFrame({"a": [1]}), "main.t")

    assert {str(unread.value), str(unwritten.value)} == {message}
    assert not list(tmp_path.iterdir())
    aft.write_table(f"{string};NoCreat=0", pd.DataFrame({"a": [1]}), "main.t")
    sql = "select a from main.t where a = ?"
    assert aft.read_sql(string, sql, parameters=[1])["a"].tolist() == [1]


def test_the_function_of_an_operator_with_a_question_mark_finds_a_key(place: Place) -> None:
    if place.name != "postgres":
        pytest.skip("others have no such operator")

    assert query(place, """select jsonb_exists('{"a": 1}', ?)""", "a") == [True]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_table_that_the_search_path_does_not_find_is_named_in_full(place: Place) -> None:
    with pytest.raises(WarehouseError, match='"orders" does not exist') as refused:
        query(place, "select * from orders")

    assert str(refused.value).endswith(
        "; write frames.orders: a name without a schema is looked for in the connection's "
        "search_path, as in dbt's own queries"
    )
    with pytest.raises(WarehouseError, match=r'"frames\.absent" does not exist') as refused:
        query(place, "select * from frames.absent")
    assert "write" not in str(refused.value)
