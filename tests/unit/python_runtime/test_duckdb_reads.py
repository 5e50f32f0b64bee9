# SPDX-License-Identifier: Apache-2.0
"""DuckDB's values and statements are read the same by its module and as dbt lends it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft
from aft.transports.duckdb_lent import LentSettings
from aft.transports.transport import TransportConnection

from tests.support import duckdb_transports
from tests.support.duckdb_file import DuckdbFile
from tests.support.processes import wait_until

ID = "00000000-1111-2222-3333-444444444444"
DAY = dt.date(2024, 1, 1)
MOMENT = dt.datetime(2024, 1, 1, 1, 2, 3, 123456)
UTC = dt.timezone.utc


@pytest.fixture(scope="module", params=duckdb_transports.NAMES)
def connection(
    request: pytest.FixtureRequest, duckdb: DuckdbFile
) -> Iterator[TransportConnection]:
    with duckdb_transports.connected(request.param, duckdb) as made:
        yield made


def read(connection: TransportConnection, sql: str, **choices: Any) -> pa.Table:
    result = connection.read(sql, **choices)
    try:
        return pa.RecordBatchReader.from_stream(result).read_all()
    except pa.ArrowInvalid:
        result.raise_failure()
        raise


NUMBERS = pa.decimal128(38, 0)
# An expression, its type, and its value.
VALUES: list[tuple[str, pa.DataType, Any]] = [
    ("true", pa.bool_(), True),
    ("-1::tinyint", pa.int8(), -1),
    ("18446744073709551615::ubigint", pa.uint64(), 2**64 - 1),
    ("1.5::float", pa.float32(), 1.5),
    ("'inf'::double", pa.float64(), float("inf")),
    ("'a'||chr(0)||'b'", pa.string(), "a\0b"),
    (r"'\x00\xff'::blob", pa.binary(), b"\0\xff"),
    ("99999999999999999999999999999999999999::hugeint", NUMBERS, Decimal("9" * 38)),
    ("{'a': [5::uhugeint]}", pa.struct({"a": pa.list_(NUMBERS)}), {"a": [Decimal(5)]}),
    ("'2024-01-01'::date", pa.date32(), DAY),
    ("'01:02:03.5'::time", pa.time64("us"), dt.time(1, 2, 3, 500_000)),
    ("'01:02:03+02'::timetz", pa.string(), "01:02:03+02"),
    (f"'{MOMENT}'::timestamp", pa.timestamp("us"), MOMENT),
    (f"'{MOMENT}'::timestamp_s", pa.timestamp("us"), MOMENT.replace(microsecond=0)),
    (f"'{MOMENT}'::timestamp_ms", pa.timestamp("ms"), MOMENT.replace(microsecond=123_000)),
    (f"'{MOMENT}'::timestamp_ns", pa.timestamp("ns"), MOMENT),
    (
        "'2024-01-01 01:00:00+02'::timestamptz",
        pa.timestamp("us", "UTC"),
        dt.datetime(2023, 12, 31, 23, tzinfo=UTC),
    ),
    ("interval '1 month 2 days'", pa.string(), "1 month 2 days"),
    ("'101'::bit", pa.string(), "101"),
    ("union_value(i := 1)", pa.string(), "1"),
    ("'y'::enum('x', 'y')", pa.string(), "y"),
    ("'x'::variant", pa.string(), "x"),
    (f"'{ID}'::uuid", pa.string(), ID),
    ("'{\"a\": 1}'::json", pa.string(), '{"a": 1}'),
    ("null", pa.null(), None),
    ("[1, null]", pa.list_(pa.int32()), [1, None]),
    ("[[1], null, [null, 2]]", pa.list_(pa.list_(pa.int32())), [[1], None, [None, 2]]),
    ("[1, 2]::int[2]", pa.list_(pa.int32()), [1, 2]),
    ("[[1, 2]::int[2], null]", pa.list_(pa.list_(pa.int32())), [[1, 2], None]),
    ("['y'::enum('x', 'y'), null]", pa.list_(pa.string()), ["y", None]),
    (f"['{ID}'::uuid]", pa.list_(pa.string()), [ID]),
    ("['{}'::json]", pa.list_(pa.string()), ["{}"]),
    ("['2024-01-01'::date, null]", pa.list_(pa.date32()), [DAY, None]),
    ("map {'a': 1, 'b': null}", pa.map_(pa.string(), pa.int32()), [("a", 1), ("b", None)]),
    (
        "map {1: ['2024-01-01'::date]}",
        pa.map_(pa.int32(), pa.list_(pa.date32())),
        [(1, [DAY])],
    ),
    (
        "{'x y': interval '1 day', 'UNION': 1, 'HUGEINT': '1'::bit}",
        pa.struct({"x y": pa.string(), "UNION": pa.int32(), "HUGEINT": pa.string()}),
        {"x y": "1 day", "UNION": 1, "HUGEINT": "1"},
    ),
]


def test_each_type_is_read_with_a_null_and_without_rows(
    connection: TransportConnection,
) -> None:
    columns = ", ".join(f"{sql} as c{at}" for at, (sql, _, _) in enumerate(VALUES))
    rows = f"(select 1 as n, {columns}) right join (select range as i from range(3))"
    sql = f"select * from {rows} on n = i"

    table = read(connection, f"{sql} order by i")
    nothing = read(connection, f"{sql} where i > 3")

    for at, (expression, kind, value) in enumerate(VALUES):
        column = table[f"c{at}"]
        assert (column.type, nothing[f"c{at}"].type) == (kind, kind), expression
        assert column.to_pylist() == [None, value, None], expression
    assert nothing.num_rows == 0


@pytest.mark.parametrize(
    ("decimals", "types", "values"),
    [
        ("declared", [pa.decimal128(6, 2), pa.decimal128(5)], [Decimal("1.50"), Decimal(7)]),
        ("exact", [pa.decimal128(6, 2), pa.decimal128(5)], [Decimal("1.50"), Decimal(7)]),
        ("real", [pa.float64(), pa.int64()], [1.5, 7]),
        ("float", [pa.float64(), pa.decimal128(5)], [1.5, Decimal(7)]),
    ],
)
def test_decimals_are_what_is_asked_for(
    connection: TransportConnection,
    decimals: str,
    types: list[pa.DataType],
    values: list[Any],
) -> None:
    sql = "select 1.5::decimal(6, 2) as a, 7::decimal(5) as b"

    table = read(connection, f"{sql}, [a, null] as c, {{'d': a}} as d", decimals=decimals)

    assert table.schema.types[:2] == types
    assert table.to_pylist() == [
        {"a": values[0], "b": values[1], "c": [values[0], None], "d": {"d": values[0]}}
    ]


def test_decimals_that_lose_digits_are_counted_by_column(
    connection: TransportConnection,
) -> None:
    long = "0.12345678901234567891::decimal(30, 20)"
    result = connection.read(
        f"select * from (values ({long}, [{long}, 0.1::decimal(30, 20)]), (0.1, [{long}]))",
        decimals="real",
    )

    assert pa.table(result).to_pydict() == {
        "col0": [0.12345678901234568, 0.1],
        "col1": [[0.12345678901234568, 0.1], [0.12345678901234568]],
    }
    assert result.rounded() == {"col0": 1, "col1": 2}


def test_a_whole_number_beyond_64_bits_is_refused_by_its_row(
    connection: TransportConnection,
) -> None:
    with pytest.raises(_aft.Error) as refused:
        read(
            connection,
            "select * from (values (1::hugeint), (9223372036854775808)) v(n)",
            decimals="real",
            relation="shop.orders",
        )

    assert str(refused.value) == (
        "cannot read column 'n' of shop.orders, row 2: 9223372036854775808 is not one of the "
        "64-bit integers"
    )


INFINITE = "case when range = 150000 then '-infinity'::{0} else '2024-01-01'::{0} end"


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz", "timestamp_ns"])
@pytest.mark.parametrize("form", ["{}", "[null, {}]", "{{'a': {}}}"])
def test_what_is_infinite_is_refused_by_its_row_or_null(
    connection: TransportConnection, kind: str, form: str
) -> None:
    sql = f"select {form.format(INFINITE.format(kind))} as d from range(150001)"
    what = "dates" if kind == "date" else "timestamps"

    with pytest.raises(_aft.Error, match="row 150001: '-infinity' is not one of the " + what):
        read(connection, sql)
    last = read(connection, sql, infinite_dates="null")["d"][-1].as_py()

    assert last in (None, [None, None], {"a": None})


@pytest.mark.parametrize("sql", ["{}::time", "[null, {}::time_ns]"])
def test_the_time_at_the_end_of_a_day_is_refused(
    connection: TransportConnection, sql: str
) -> None:
    rows = f"select {sql.format('t')} from (values ('23:59:59.999999'), ('24:00:00')) v(t)"

    with pytest.raises(_aft.Error, match="row 2: '24:00:00' is not one of the times"):
        read(connection, rows)


@pytest.mark.parametrize(
    ("sql", "names", "rows"),
    [
        ("select 1 a, 2 a", ["a", "a"], [[1, 2]]),
        ("select interval '1 day' a, 2 a", ["a", "a"], [["1 day", 2]]),
        ("""select 1 "x ""y\""", '1'::bit "it's\"""", ['x "y"', "it's"], [[1, "1"]]),
        ("select 1 as \"DATE\", '1'::bit as c0", ["DATE", "c0"], [[1, "1"]]),
        ("select '1'::bit a -- x;", ["a"], [["1"]]),
        ("select '1'::bit a; -- x", ["a"], [["1"]]),
        ("/* x; */ select '1'::bit a ; /* y */ ;", ["a"], [["1"]]),
        ("from (values ('--', 1)) v(a, b)", ["a", "b"], [["--", 1]]),
        ("with x as (select '1'::bit a) select * from x", ["a"], [["1"]]),
        ("show schemas", None, None),
        ("pragma database_size", None, None),
        ("explain select 1", None, None),
        ("call pragma_version()", None, None),
        ("pivot (select 1 a, 'x' b) on b using min(a)", ["x"], [[1]]),
    ],
)
def test_whatever_gives_rows_is_read(
    connection: TransportConnection, sql: str, names: Any, rows: Any
) -> None:
    table = read(connection, sql)

    assert table.num_rows > 0
    if names is not None:
        assert table.column_names == names
        assert [[*row] for row in zip(*(c.to_pylist() for c in table.columns))] == rows


def test_a_change_that_returns_rows_runs_once_and_gives_them(
    connection: TransportConnection,
) -> None:
    connection.execute("create or replace temp table t (a int, d date)")
    insert = "insert into t values (1, '2024-01-01') returning a, d, [a] l, interval '1 day' i"

    assert read(connection, insert).to_pylist() == [{"a": 1, "d": DAY, "l": [1], "i": "1 day"}]
    assert read(connection, "update t set a = 2 returning a")["a"].to_pylist() == [2]
    assert connection.execute("insert into t values (3, null), (4, null)") == 2
    assert read(connection, "delete from t returning a")["a"].to_pylist() == [2, 3, 4]


def test_rows_that_nobody_takes_keep_no_statement_from_running(
    connection: TransportConnection,
) -> None:
    result = pa.RecordBatchReader.from_stream(
        connection.read("select range a from range(1000000)", batch_rows=1000)
    )
    result.read_next_batch()

    assert read(connection, "select 1 as a")["a"].to_pylist() == [1]


@pytest.mark.parametrize("is_write", [False, True])
def test_a_statement_that_runs_is_stopped(
    connection: TransportConnection, is_write: bool
) -> None:
    states: list[str | None] = []
    sql = (
        "select count(*) as n from range(1000000000) a, range(1000) b where a.range <> b.range"
    )

    def run() -> None:
        try:
            if is_write:
                connection.execute(f"create temp table never as {sql}")
            else:
                read(connection, sql)
        except _aft.Error as error:
            states.append(error.sqlstate)

    running = threading.Thread(target=run)
    running.start()

    def is_over() -> bool:
        # Between two calls there is nothing to stop.
        connection.cancel()
        return not running.is_alive()

    wait_until(is_over, "it is stopped")

    assert states == ["57014"]
    assert read(connection, "select 1 as a")["a"].to_pylist() == [1]


def test_names_are_those_of_tables_and_not_of_variables(
    connection: TransportConnection,
) -> None:
    some_frame = pa.table({"a": [1]})

    with pytest.raises(_aft.Error, match="some_frame does not exist"):
        read(connection, "select * from some_frame")

    assert some_frame.num_rows == 1


@pytest.mark.parametrize(
    ("sql", "state", "message"),
    [
        ("select nothing", "42S22", "42S22 Binder Error: Referenced column "),
        ("select * from missing", "42S02", "42S02 Catalog Error: Table with name missing"),
        ("selekt", "42000", '42000 Parser Error: syntax error at or near "selekt"'),
        ("select 'x'::int", "22018", "22018 Conversion Error: Could not convert"),
        (
            "select case when range = 100000 then error('no more') end from range(200000)",
            "22000",
            "22000 Invalid Input Error: no more",
        ),
    ],
)
def test_an_error_says_what_duckdb_says(
    connection: TransportConnection, sql: str, state: str, message: str
) -> None:
    with pytest.raises(_aft.Error) as refused:
        read(connection, sql)

    assert str(refused.value).startswith(f"cannot run the query: duckdb: {message}")
    assert refused.value.sqlstate == state


def test_rows_that_duckdb_refuses_are_refused_in_its_words(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    table = {"database": None, "schema": "main", "identifier": "refusing"}
    quotes = dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), True)
    duckdb.run("create or replace table refusing (a interval)")

    for _ in range(2):
        with pytest.raises(_aft.Error) as refused:
            connection.write(pa.table({"a": ["x"]}), {**table, **quotes}, "append")
        assert "22018 Conversion Error: Could not convert string 'x'" in str(refused.value)
    connection.write(pa.table({"a": ["1 day"]}), {**table, **quotes}, "append")

    assert duckdb.run("from refusing") == "1 day"


def test_a_session_is_in_utc(connection: TransportConnection) -> None:
    moment = "timestamptz '2020-01-01 12:00' as v, current_setting('TimeZone') as zone"

    read_back = read(connection, f"select {moment}").to_pylist()

    assert read_back == [{"v": dt.datetime(2020, 1, 1, 12, tzinfo=UTC), "zone": "UTC"}]


@pytest.mark.parametrize("sql", ["", " ; ", "-- nothing\n"])
def test_no_statement_is_refused(connection: TransportConnection, sql: str) -> None:
    with pytest.raises(_aft.Error, match="there is no statement in it"):
        read(connection, sql, any_statement=True)


def test_who_lends_no_session_says_so(tmp_path: Path) -> None:
    def refuse() -> Any:
        raise RuntimeError("no more sessions")

    file: Any = SimpleNamespace(cursor=refuse)
    address = duckdb_transports.lend(file, tmp_path / "lend")

    with pytest.raises(_aft.Error, match="no more sessions"):
        LentSettings(address).connect()


def test_several_statements_are_no_query(connection: TransportConnection) -> None:
    with pytest.raises(_aft.Error, match="it is more than one statement; run one after"):
        read(connection, "select 1; select 2")
