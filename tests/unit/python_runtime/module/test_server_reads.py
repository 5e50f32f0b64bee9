# SPDX-License-Identifier: Apache-2.0
"""What servers hold arrives as it is, or is an error that names column and row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft

from tests.support.mariadb import MariadbServer
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def postgresql(postgres: PostgresServer) -> Iterator[_aft.Connection]:
    connection = _aft.Connection(postgres.connection_string + ";NumericAs=12")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def maria(mariadb: MariadbServer) -> Iterator[_aft.Connection]:
    connection = _aft.Connection(mariadb.connection_string_to_database)
    yield connection
    connection.close()


def value(connection: _aft.Connection, expression: str) -> Any:
    return pa.table(connection.read(f"select {expression} as x"))["x"][0].as_py()


def test_a_numeric_without_precision_is_a_double(postgresql: _aft.Connection) -> None:
    table = pa.table(
        postgresql.read("select 1.0/3 as a, 12.5::numeric as b, 'NaN'::numeric as c")
    )

    assert table.schema.types == [pa.float64()] * 3
    assert str(table.to_pylist()) == "[{'a': 0.3333333333333333, 'b': 12.5, 'c': nan}]"


def test_what_a_double_cannot_hold_is_counted(postgresql: _aft.Connection) -> None:
    result = postgresql.read(
        "select i / 8.0 as a, i + 0.12345678901234567890 as b from generate_series(1, 9) i", 4
    )

    pa.table(result)

    assert result.rounded() == {"b": 9}


def test_a_numeric_without_precision_is_a_decimal_if_asked_for(
    postgresql: _aft.Connection,
) -> None:
    exact = postgresql.read("select 1.000000000000000001 as x", decimals="exact")
    assert pa.table(exact)["x"].to_pylist() == [Decimal("1.000000000000000001")]
    assert exact.rounded() == {}

    query = "select 1.0 as x union all select 1.0000000000000000001"
    refusal = r"column 'x' of shop\.t: row 2 holds '1\.0000000000000000001' in a column of dec"
    with pytest.raises(OSError, match=refusal):
        pa.table(postgresql.read(query, decimals="exact", relation="shop.t"))


@pytest.mark.parametrize("connection_name", ["postgresql", "maria"])
def test_declared_decimals_are_numbers_if_asked_for(
    connection_name: str, request: pytest.FixtureRequest
) -> None:
    connection: _aft.Connection = request.getfixturevalue(connection_name)

    table = pa.table(
        connection.read(
            "select cast(1.5 as decimal(10, 2)) as x, cast(7 as decimal(20, 0)) as n",
            decimals="real",
        )
    )

    assert table.schema.types == [pa.float64(), pa.int64()]
    assert table.to_pylist() == [{"x": 1.5, "n": 7}]


@pytest.mark.parametrize(
    ("declared", "text"), [("28, 6", "12.500000"), ("10, 2", "-1.50"), ("38, 0", "7")]
)
def test_a_declared_numeric_is_a_decimal(
    postgresql: _aft.Connection, declared: str, text: str
) -> None:
    back = pa.table(postgresql.read(f"select '{text}'::numeric({declared}) as x"))["x"]

    assert back.type == pa.decimal128(*map(int, declared.split(", ")))
    assert back[0].as_py() == Decimal(text)


def test_a_driver_that_tells_no_precision_is_not_believed(postgres: PostgresServer) -> None:
    connection = _aft.Connection(postgres.connection_string)

    assert value(connection, "1.0/3") == 1 / 3
    connection.close()


@pytest.mark.parametrize(
    "literal",
    [
        "date 'infinity'",
        "date '-infinity'",
        "date '10000-01-01'",
        "date '0044-03-15 BC'",
        "timestamp 'infinity'",
        "timestamp '-infinity'",
        "timestamp '0044-03-15 BC'",
        "timestamptz 'infinity'",
        "timestamptz '10000-01-01 00:00+00'",
    ],
)
def test_a_moment_that_no_frame_holds_is_refused_with_its_row(
    postgresql: _aft.Connection, literal: str
) -> None:
    query = f"select {literal.split()[0]} '9999-12-31' as x union all select {literal}"

    with pytest.raises(OSError, match=r"cannot read column 'x': row 2 holds '"):
        pa.table(postgresql.read(query))


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_an_infinite_moment_is_null_where_that_is_asked_for(
    postgresql: _aft.Connection, kind: str
) -> None:
    query = f"values ({kind} '9999-12-31'), ('infinity'), ('-infinity'), (null)"

    moments, *none = pa.table(postgresql.read(query, infinite_dates="null"))[0].to_pylist()

    assert (moments.year, none) == (9999, [None, None, None])
    with pytest.raises(OSError, match=r"'infinity' .*; read it with infinite_dates=\"null\""):
        pa.table(postgresql.read(query))
    ancient = f"values ({kind} '0044-03-15 BC')"
    with pytest.raises(OSError, match="row 1 holds '0044-03-15"):
        pa.table(postgresql.read(ancient, infinite_dates="null"))


def test_the_last_moments_are_no_infinity(postgresql: _aft.Connection) -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59)

    assert value(postgresql, f"timestamp '{last}'") == last
    assert value(postgresql, f"date '{last.date()}'") == last.date()
    assert value(postgresql, "timestamp '0001-01-01 00:00:00.000001'") == dt.datetime(
        1, 1, 1, microsecond=1
    )
    moment = value(postgresql, f"timestamptz '{last}.5+00'")
    assert moment == last.replace(microsecond=500_000, tzinfo=dt.timezone.utc)


def test_dates_of_any_query_are_read(postgresql: _aft.Connection) -> None:
    day = dt.date(2024, 2, 29)
    for query in (
        "select date '2024-02-29' as x, 1 as x, 'a;b' as \"Y\";",
        "-- it's\n/* nested /* ; */ */ select date '2024-02-29' -- end",
        "with q as (select date '2024-02-29' as d) select d from q",
        "values (date '2024-02-29')",
        "(select date '2024-02-29') union all (select date '2024-02-29')",
        "select date '2024-02-29', E'it\\'s; ', $q$ ; ' $q$",
    ):
        assert pa.table(postgresql.read(query)).column(0)[0].as_py() == day


def test_a_query_that_changes_rows_may_give_dates(postgresql: _aft.Connection) -> None:
    postgresql.execute("create temporary table changed (d date)")

    inserted = postgresql.read("insert into changed values ('2024-02-29') returning d")
    assert pa.table(inserted)["d"][0].as_py() == dt.date(2024, 2, 29)
    assert pa.table(postgresql.read("select d from changed")).num_rows == 1


def test_the_order_of_a_query_with_dates_is_kept(postgresql: _aft.Connection) -> None:
    query = (
        "select i, date '2000-01-01' + i as d from generate_series(1, 20000) i "
        "order by i * 7919 % 20011"
    )

    back = pa.table(postgresql.read(query))["i"].to_pylist()

    assert back == sorted(range(1, 20001), key=lambda i: i * 7919 % 20011)


@pytest.mark.parametrize("kind", ["postgresql", "maria"])
def test_texts_of_all_lengths_come_whole_and_in_their_rows(
    kind: str, request: pytest.FixtureRequest
) -> None:
    connection: _aft.Connection = request.getfixturevalue(kind)
    lengths = [0, 1, 30, 250, 254, 255, 256, 257, 1000, 65535, 70000, 200_000]
    series = "generate_series(0, 2999) i" if kind == "postgresql" else "seq_0_to_2999"
    number = "i" if kind == "postgresql" else "seq"
    cases = " ".join(f"when {row} then {length}" for row, length in enumerate(lengths))
    length = f"case {number} % 100 {cases} else {number} % 7 end"

    table = pa.table(
        connection.read(
            f"select {number} as n, repeat('ä', {length}) as x from {series} order by 1"
        )
    )

    for row, text in enumerate(table["x"].to_pylist()):
        place = row % 100
        assert len(text) == (lengths[place] if place < len(lengths) else row % 7)
    assert table["n"].to_pylist() == list(range(3000))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (
            "'6f1c3a52-0d5e-4f0e-9a57-6b0d4f1d2c3b'::uuid",
            "6f1c3a52-0d5e-4f0e-9a57-6b0d4f1d2c3b",
        ),
        ("'{\"a\": 1}'::jsonb", '{"a": 1}'),
        ("interval '1 day 02:00'", "1 day 02:00:00"),
        ("b'101'", "101"),
        ("'10.0.0.1'::inet", "10.0.0.1"),
        ("1.5::money", "$1.50"),
        ("time '10:00' at time zone 'UTC'", "10:00:00+00"),
    ],
)
def test_other_types_of_postgresql_are_the_servers_text(
    postgresql: _aft.Connection, expression: str, text: str
) -> None:
    assert value(postgresql, expression) == text


def test_an_error_of_a_later_row_comes_behind_the_rows_before(
    postgresql: _aft.Connection,
) -> None:
    reader = postgresql.read(
        "select i, 1 / (i - 45000) as x from generate_series(1, 50000) i", 1000
    )
    batches: list[pa.RecordBatch] = []
    with pytest.raises(OSError, match="division by zero"):
        batches.extend(pa.RecordBatchReader.from_stream(reader))
    assert [batch.column(0)[0].as_py() for batch in batches] == [
        row * 1000 + 1 for row in range(len(batches))
    ]
    assert len(batches) >= 40


@pytest.mark.parametrize(
    ("query", "cause"),
    [
        ("select * from nope", '42P01 ERROR: relation "nope" does not exist'),
        ("select 1 / 0", "22012 ERROR: division by zero"),
        ("selec 1", '42601 ERROR: syntax error at or near "selec"'),
    ],
)
def test_an_error_is_the_cause_in_one_line(
    postgresql: _aft.Connection, query: str, cause: str
) -> None:
    with pytest.raises(_aft.Error) as read:
        pa.table(postgresql.read(query))
    with pytest.raises(_aft.Error) as executed:
        postgresql.execute(query)

    for error in read, executed:
        assert str(error.value).endswith(f": {cause}")


def test_a_stream_that_is_left_early_frees_its_connection(
    postgresql: _aft.Connection,
) -> None:
    for _ in range(20):
        stream = pa.RecordBatchReader.from_stream(
            postgresql.read("select i from generate_series(1, 200000) i", 100)
        )
        assert stream.read_next_batch().num_rows == 100
        del stream
    assert value(postgresql, "1") == 1


def test_dates_of_mariadb_are_exact(maria: _aft.Connection) -> None:
    maria.execute(
        "create or replace temporary table moments "
        "(n int, d date, t datetime(6), z timestamp(6))"
    )
    maria.execute(
        "insert into moments values "
        "(1, '0001-01-01', '0001-01-01 00:00:00.000001', '1970-01-01 00:00:01'), "
        "(2, '9999-12-31', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.5'), "
        "(3, null, null, null)"
    )

    table = pa.table(maria.read("select d, t, z from moments order by n"))

    assert table.schema.types == [pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC")]
    utc = dt.timezone.utc
    assert [list(row.values()) for row in table.to_pylist()] == [
        [
            dt.date(1, 1, 1),
            dt.datetime(1, 1, 1, microsecond=1),
            dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=utc),
        ],
        [
            dt.date(9999, 12, 31),
            dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
            dt.datetime(2038, 1, 19, 3, 14, 7, 500_000, utc),
        ],
        [None] * 3,
    ]


@pytest.mark.parametrize("kind", ["date", "datetime(6)", "timestamp"])
@pytest.mark.parametrize("zeros", ["0000-00-00", "0000-00-00 00:00:00"])
def test_a_date_of_zeros_is_no_null(maria: _aft.Connection, kind: str, zeros: str) -> None:
    maria.execute("set @before = @@sql_mode, sql_mode = ''")
    maria.execute(f"create or replace temporary table zeros (n int, d {kind} null)")
    maria.execute(f"insert into zeros values (1, null), (2, '{zeros}')")
    maria.execute("set sql_mode = @before")

    assert pa.table(maria.read("select d from zeros where n = 1"))["d"].to_pylist() == [None]
    with pytest.raises(OSError, match="column 'd', row 2: it holds a date of zeros"):
        pa.table(maria.read("select d from zeros order by n"))


def test_a_date_with_zeros_is_refused(maria: _aft.Connection) -> None:
    maria.execute("set @before = @@sql_mode, sql_mode = ''")
    maria.execute("create or replace temporary table zeros (d date)")
    maria.execute("insert into zeros values ('2024-00-15')")
    maria.execute("set sql_mode = @before")

    with pytest.raises(OSError, match="column 'd': row 1 holds '2024-00-15' in a column"):
        pa.table(maria.read("select d from zeros"))
