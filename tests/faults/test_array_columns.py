# SPDX-License-Identifier: Apache-2.0
"""Frames go to PostgreSQL as columns, each a binary array, wherever it takes them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft
from aft.errors import WarehouseError
from aft.manifest import Relation
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer

TABLE = {
    "database": None,
    "schema": "arrays",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
ARRAYS, ROWS = "array columns", "parameter rows"
# Without it, the driver sends values as text.
NO_BINARY = ";UseServerSidePrepare=0"


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create schema arrays")
    yield postgres
    postgres.run("drop schema arrays cascade")


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[_aft.Connection]:
    made = _aft.Connection(server.connection_string + ";Protocol=7.4-1")
    yield made
    made.close()


def frame(rows: int) -> pa.Table:
    texts = itertools.cycle(["größe", "", "'; \\ ?", None, "😀", "plain"])
    day = dt.datetime(1999, 12, 31, 23, 59, 59, 999999)
    return pa.table(
        {
            "id": range(rows),
            "small": pa.array(
                [None if n % 7 == 0 else n % 100 for n in range(rows)], pa.int16()
            ),
            "x": [None if n % 5 == 0 else n / 3 for n in range(rows)],
            "s": [text for text, _ in zip(texts, range(rows), strict=False)],
            "d": [None if n % 11 == 0 else day.date() for n in range(rows)],
            "at": [None if n % 3 == 0 else day + dt.timedelta(n) for n in range(rows)],
            "ok": [None if n % 4 == 0 else n % 2 == 0 for n in range(rows)],
            "n": pa.array([Decimal(n).scaleb(-2) for n in range(rows)], pa.decimal128(12, 2)),
        }
    )


def test_both_ways_of_writing_store_the_same(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    wanted = frame(1_000)
    connection.write(wanted, TABLE, "overwrite")
    assert connection.last_sink == ARRAYS
    stored = server.run("select * from arrays.t order by id")

    other = _aft.Connection(server.connection_string + NO_BINARY)
    other.write(wanted, TABLE, "overwrite")
    other.close()

    assert other.last_sink == ROWS
    assert server.run("select * from arrays.t order by id") == stored


def test_rows_of_several_blocks_and_batches_keep_their_order_and_values(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    wanted = frame(31_000)
    batches = wanted.to_batches(max_chunksize=7_000)
    server.run("create table arrays.t (n numeric(12, 2))")

    rows, _ = connection.write(pa.Table.from_batches(batches), TABLE, "overwrite")

    assert rows == wanted.num_rows
    assert connection.last_sink == ARRAYS
    assert pa.table(connection.read("select * from arrays.t order by ctid")).equals(wanted)


def test_a_write_takes_the_server_few_transaction_ids(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    next_id = "select txid_snapshot_xmax(txid_current_snapshot())"
    before = int(server.run(next_id))

    connection.write(frame(50_000), TABLE, "overwrite")

    assert int(server.run(next_id)) - before <= 2


def test_decimals_keep_every_digit(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    texts = ["0", "0.0001", "-0.9999", "10000", "-10000.0001", "9" * 30 + ".99999999"]
    values = pa.array(map(Decimal, texts), pa.decimal128(38, 8))

    connection.write(pa.table({"a": values}), TABLE, "overwrite", {"a": "numeric"})

    stored = server.run("select a from arrays.t order by ctid").splitlines()
    assert stored == [f"{Decimal(text):.8f}" for text in texts]


COLUMNS = """
    create type arrays.mood as enum ('sad', 'glad');
    create domain arrays.score as numeric(6, 2) check (value >= 0);
    create domain arrays.code as varchar(3);
    create domain arrays.above as arrays.score check (value < 100);
    create table arrays.t (
        id bigint generated always as identity, i int, f real, n numeric, s varchar(5),
        j jsonb, u uuid, m arrays.mood, c arrays.score, k arrays.code, l int[], d date,
        at timestamp, z timestamptz, bits bit(3), p interval, b arrays.above)
"""
UUID = "6a2f41a3-c54c-fce8-32d2-0324e1c32e22"


def test_values_become_what_the_columns_of_a_table_are(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    server.run(COLUMNS)
    moment = dt.datetime(2024, 2, 29)

    connection.write(
        pa.table(
            {
                "i": [3.0],
                "f": [0.1],
                "n": [0.1 + 0.2],
                "s": ["größe"],
                "j": ['{"a": 1}'],
                "u": [UUID],
                "m": ["glad"],
                "c": [12.5],
                "k": ["abc"],
                "l": ["{1,2}"],
                "d": [moment],
                "at": [moment.date()],
                "z": pa.array([moment], pa.timestamp("s", "UTC")),
                "bits": ["101"],
                "p": ["1 day"],
                "b": [0.125],
            }
        ),
        TABLE,
        "append",
    )

    assert connection.last_sink == ARRAYS
    (row,) = server.run("set time zone 'UTC'; select * from arrays.t").splitlines()
    assert row == (
        f'1|3|0.1|0.30000000000000004|größe|{{"a": 1}}|{UUID}|glad|12.50|abc|{{1,2}}|'
        "2024-02-29|2024-02-29 00:00:00|2024-02-29 00:00:00+00|101|1 day|0.13"
    )


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("s", ["x", "\0"], "row 2 holds text with a NUL character"),
        (
            "m",
            ["glad", "bad"],
            "(?s)invalid input value for enum arrays.mood.*in row 2 of",
        ),
        ("u", [7], "which would change in the table's column of type 'uuid'"),
        ("bits", ["101", "1010"], r"(?s)does not match type bit\(3\).*in row 2 of"),
        ("at", pa.array([1], pa.timestamp("s", "UTC")), "which would change in the table's"),
        ("z", pa.array([1], pa.timestamp("s")), "which would change in the table's column"),
        ("at", pa.array([2**60], pa.timestamp("s")), "row 1 holds a date or time outside of"),
        ("d", pa.array([2**31 - 1], pa.date32()), "row 1 holds a date or time outside of"),
        ("s", [b"x"], "which would change in the table's column of type 'character varying"),
    ],
)
def test_what_a_column_does_not_hold_is_refused(
    server: PostgresServer, connection: _aft.Connection, column: str, values: Any, message: str
) -> None:
    server.run(COLUMNS)

    with pytest.raises(_aft.Error, match=message):
        connection.write(pa.table({column: values}), TABLE, "append")

    assert server.run("select count(*) from arrays.t") == "0"


@pytest.mark.parametrize("last", [10_001, 10_002, 30_000])
def test_an_error_names_the_row_and_nothing_of_the_others_stays(
    server: PostgresServer, connection: _aft.Connection, last: int
) -> None:
    server.run("create table arrays.t (a bigint check (a <> 10001))")

    with pytest.raises(_aft.Error, match="in row 10001 of the frame"):
        connection.write(pa.table({"a": range(1, last + 1)}), TABLE, "append")

    assert server.run("select count(*) from arrays.t") == "0"
    connection.write(pa.table({"a": [1]}), TABLE, "append")
    assert server.run("select count(*) from arrays.t") == "1"


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_an_error_in_a_table_that_is_not_there_yet_names_the_row(
    server: PostgresServer, connection: _aft.Connection, mode: str
) -> None:
    texts = ["x"] * 3_000
    texts[2_500] = "longer"

    with pytest.raises(_aft.Error, match="column 'a', row 2501 holds the text 'longer'"):
        connection.write(pa.table({"a": texts}), TABLE, mode, {"a": "varchar(5)"})

    assert server.run("select count(*) from pg_tables where schemaname = 'arrays'") == "0"


def test_a_row_with_the_key_of_another_one_is_named_by_the_key(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    server.run("create table arrays.t (a bigint primary key)")

    with pytest.raises(_aft.Error, match=r"(?s)\(a\)=\(7\).*in rows 10001 to 10002 of the"):
        connection.write(pa.table({"a": [*range(10_000), -1, 7]}), TABLE, "append")

    assert server.run("select count(*) from arrays.t") == "0"


def test_a_frame_that_fails_while_rows_are_on_their_way_leaves_nothing(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    schema = pa.schema({"a": pa.int64()})

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": pa.array(range(15_000))}, schema=schema)
        raise ValueError("no more")

    with pytest.raises(_aft.Error, match="no more"):
        connection.write(pa.RecordBatchReader.from_batches(schema, batches()), TABLE, "append")

    assert server.run("select count(*) from pg_tables where schemaname = 'arrays'") == "0"


def test_rows_that_were_refused_before_the_frame_failed_are_what_is_told(
    server: PostgresServer,
) -> None:
    server.run("create table arrays.t (a bigint check (a <> 3))")
    warehouse = Warehouse(server.connection_string + ";Protocol=7.4-1")

    def frames() -> Iterator[pa.Table]:
        yield pa.table({"a": range(10_000)})
        raise ValueError("no more")

    with pytest.raises(WarehouseError, match="in row 4 of the frame") as raised:
        warehouse.write(frames(), Relation(None, "arrays", "t"), "append", {})

    assert repr(raised.value.__cause__) == "ValueError('no more')"
    warehouse.close()
