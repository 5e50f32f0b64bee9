# SPDX-License-Identifier: Apache-2.0
"""Lists, mappings and UUIDs: what each database stores for them, and what comes back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import aft
import polars as pl
import pyarrow as pa
import pytest
from aft import _aft

from tests.support.postgres import USER, PostgresServer

TABLE = {
    "database": None,
    "schema": "nested",
    "identifier": "t",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}
ID = uuid.UUID("00000000-1111-2222-3333-444444444444")
INFINITE = "select * from (values ('{2024-01-01}'::date[]), ('{2024-01-01,infinity}')) v (x)"
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 1)
TEXTS = ["a", "", "NULL", "null", "x,y", "{}", '"q"', "\\", "\\N", " sp ", "ü😀", "\n", None]
# By the type that a new table has.
LISTS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "boolean[]": (pa.bool_(), [True, None, False]),
    "smallint[]": (pa.int16(), [-(2**15), None, 2**15 - 1]),
    "integer[]": (pa.int32(), [-(2**31), 0]),
    "bigint[]": (pa.int64(), [-(2**63), None, 2**53 + 1]),
    "double precision[]": (pa.float64(), [0.1, None, float("inf"), 1e-300]),
    "text[]": (pa.string(), TEXTS),
    "bytea[]": (pa.binary(), [b"\0\xff", b"", None]),
    "date[]": (pa.date32(), [dt.date(1, 1, 1), None, dt.date(9999, 12, 31)]),
    "time without time zone[]": (pa.time64("us"), [NOON.time(), None]),
    "timestamp without time zone[]": (pa.timestamp("us"), [NOON, None]),
    "timestamp with time zone[]": (
        pa.timestamp("us", "UTC"),
        [NOON.replace(tzinfo=dt.timezone.utc)],
    ),
}


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create schema nested")
    yield postgres
    postgres.run("drop schema nested cascade")


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[_aft.Connection]:
    made = _aft.Connection(server.connection_string + ";Protocol=7.4-1")
    yield made
    made.close()


def all_lists(ids: list[int]) -> pa.Table:
    """A list of each type, an empty one and NULL, in turns."""
    columns: dict[str, Any] = {"id": pa.array(ids, pa.int64())}
    for name, (kind, values) in LISTS.items():
        cycle = [values, [], None, values[::-1]]
        columns[name] = pa.array([cycle[n % 4] for n in ids], pa.list_(kind))
    return pa.table(columns)


def types(server: PostgresServer) -> dict[str, str]:
    found = server.run(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'nested.t'::regclass and attnum > 0 order by attnum"
    )
    return dict(line.split("|") for line in found.splitlines())


def rows(connection: _aft.Connection, sql: str = "select * from nested.t order by id") -> Any:
    return pa.table(connection.read(sql))


def test_lists_of_each_type_come_back_as_they_were_in_each_mode(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    wanted = all_lists([*range(11)])

    connection.write(wanted, TABLE, "overwrite")
    assert types(server) == {"id": "bigint", **{name: name for name in LISTS}}
    assert rows(connection).equals(wanted)

    connection.write(all_lists([11, 12]), TABLE, "append")
    changed = all_lists([1, 2, 13]).set_column(0, "id", pa.array([2, 1, 13]))
    connection.write(changed, TABLE, "upsert", unique_key=["id"])
    connection.write(all_lists([4, 14]), TABLE, "delete+insert", unique_key=["id"])
    expected = pa.concat_tables([all_lists([0, *range(3, 15)]), changed.slice(0, 2)])
    assert rows(connection).equals(expected.sort_by("id").combine_chunks())

    server.run('create index on nested.t ("id")')  # The table stays, and its rows go.
    connection.write(wanted, TABLE, "overwrite")
    assert rows(connection).equals(wanted)


def test_lists_go_the_slow_way_as_well(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    wanted = all_lists([*range(7)])
    connection.write(wanted.append_column("u", pa.array([ID] * 7)), TABLE, "overwrite")
    stored = server.run("select * from nested.t order by id")

    slow = _aft.Connection(server.connection_string + ";UseServerSidePrepare=0")
    slow.write(wanted.append_column("u", pa.array([ID] * 7)), TABLE, "overwrite")

    assert slow.last_sink == "parameter rows"
    slow.close()
    assert server.run("select * from nested.t order by id") == stored


@pytest.mark.parametrize("layout", ["large", "fixed", "sliced", "dictionary"])
def test_each_layout_of_lists_is_read(
    server: PostgresServer, connection: _aft.Connection, layout: str
) -> None:
    values: Any = [[1, 2], None, [3, None]]
    if layout == "large":
        lists = pa.array(values, pa.large_list(pa.int64()))
    elif layout == "fixed":
        lists = pa.array([[9, 9], *values], pa.list_(pa.int64(), 2)).slice(1)
    elif layout == "sliced":
        lists = pa.array([[9], *values, [9]], pa.list_(pa.int64())).slice(1, 3)
    else:
        texts = pa.array([["a", "b"], None, ["a", None]], pa.list_(pa.string()))
        elements = texts.flatten().dictionary_encode()
        lists = pa.ListArray.from_arrays(texts.offsets, elements, mask=texts.is_null())

    connection.write(pa.table({"id": range(3), "a": lists}), TABLE, "overwrite")

    stored = server.run("select a from nested.t order by id").splitlines()
    assert stored == (
        ["{a,b}", "", "{a,NULL}"] if layout == "dictionary" else ["{1,2}", "", "{3,NULL}"]
    )


def test_lists_of_lists_are_arrays_of_several_dimensions(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    values = [[[1, 2, None], [4, 5, 6]], [], None, [[7]]]
    wanted = pa.table({"id": range(4), "m": pa.array(values, pa.list_(pa.list_(pa.int64())))})

    connection.write(wanted, TABLE, "overwrite")

    assert server.run("select m from nested.t where id = 0") == "{{1,2,NULL},{4,5,6}}"
    assert rows(connection).equals(wanted)
    server.run("insert into nested.t values (9, '[0:1]={1,2}')")
    with pytest.raises(
        _aft.Error,
        match=r"cannot read column 'm': row 5 holds '\[0:1\]=\{1,2\}' in a column of lists of "
        "lists of integers; cast the column in the query to text",
    ):
        rows(connection)
    assert rows(connection, "select m from nested.t where id = 9")["m"].to_pylist() == [[1, 2]]


COLUMNS = """
    create type nested.mood as enum ('sad', 'glad');
    create domain nested.above as int check (value > 0);
    create domain nested.pair as int[] check (cardinality(value) = 2);
    create table nested.t (
        id int, small smallint[], n numeric(6, 2)[], f real[], s varchar(3)[], c char(3)[],
        bits bit(3)[], m nested.mood[], u uuid[], a nested.above[], p nested.pair,
        at timestamp(0)[], d date[], j jsonb[], x text[], js json, jb jsonb, txt text)
"""


def test_elements_become_what_those_of_the_column_are(
    server: PostgresServer, connection: _aft.Connection
) -> None:
    server.run(COLUMNS)

    connection.write(
        pa.table(
            {
                "small": [[1.0, None]],
                "n": [[1.005, 7.0]],
                "f": [[0.1]],
                "s": [["größ"[:3], ""]],
                "c": [["ab"]],
                "bits": [["101"]],
                "m": [["glad", None]],
                "u": [[str(ID)]],
                "a": [[1]],
                "p": [[1, 2]],
                "at": [[dt.date(2024, 2, 29)]],
                "d": [[dt.datetime(2024, 2, 29)]],
                "j": [['{"a": "b,c"}', "null"]],
                "x": [[1, 2]],
                "js": [[1, None]],
                "jb": [["a"]],
                "txt": [[[1.5], []]],
            }
        ),
        TABLE,
        "append",
    )

    assert server.run("select * from nested.t") == (
        '|{1,NULL}|{1.01,7.00}|{0.1}|{grö,""}|{"ab "}|{101}|{glad,NULL}'
        f"|{{{ID}}}"
        '|{1}|{1,2}|{"2024-02-29 00:00:00"}|{2024-02-29}|{"{\\"a\\": \\"b,c\\"}","null"}'
        '|{1,2}|[1, null]|["a"]|[[1.5], []]'
    )


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (
            "small",
            [[1], [2, 70_000]],
            "cannot append to 'nested.t': column 'small', row 2 holds the integer 70000, and "
            "the table's column of type 'smallint[]' holds -32768 to 32767",
        ),
        ("small", [[], [0.5]], "row 2 holds the double 0.5, and the table's column of type"),
        ("n", [[1], [10**4]], "column of type 'numeric(6,2)[]' holds -9999 to 9999"),
        (
            "n",
            [[float("nan")], [float("inf")]],
            "row 2 holds infinity, and the table's column",
        ),
        ("s", [["abc"], ["abcd"]], "row 2 holds the text 'abcd', and the table's column of"),
        ("s", [["a"], ["\0"]], "row 2 holds text with a NUL character"),
        ("at", [[], [NOON]], "row 2 holds the timestamp 2024-02-29 12:00:00.000001, and the"),
        ("m", [["sad"], ["bad"]], "in row 2 of the frame"),
        ("bits", [[], ["1010"]], "in row 2 of the frame"),
        ("a", [[1], [0]], "in row 2 of the frame"),
        ("small", [[], [[1], []]], "row 2 holds an empty list within a list"),
        ("small", [[[1]], [[1], [2, 3]]], "row 2 holds lists of different lengths within a l"),
        ("small", [[[1]], [[1], None]], "row 2 holds NULL among the lists within a list"),
        ("d", [[1]], "holds lists of integers, which would change in the table's column of"),
        ("u", [[b"x" * 15]], "holds lists of bytes, which would change in the table's column"),
        ("id", [[1]], "holds lists of integers, which would change in the table's column of"),
        ("jb", [[b"x"]], "holds lists of bytes, which would change in the table's column of"),
        ("jb", [[], ["\0"]], "in row 2 of the frame"),
        ("txt", [[], [float("inf")]], "row 2 holds infinity in a list, and JSON, which lists"),
    ],
)
def test_what_an_array_does_not_hold_is_refused_with_its_row(
    server: PostgresServer,
    connection: _aft.Connection,
    column: str,
    values: list[Any],
    message: str,
) -> None:
    server.run(COLUMNS)
    table = pa.table({column: values})

    with pytest.raises(_aft.Error) as refused:
        connection.write(table, TABLE, "append")

    assert message in str(refused.value)
    assert server.run("select count(*) from nested.t") == "0"


@pytest.mark.parametrize(
    ("sql", "lists"),
    [
        ("array[1, null]::oid[]", [1, None]),
        ("array[1.5, null, 'NaN']::numeric[]", [1.5, None, float("nan")]),
        ("array['sad'::nested.mood]", ["sad"]),
        ("array[2::nested.above]", [2]),
        ("array[1, 2]::nested.pair", [1, 2]),
        (f"array['{ID}'::uuid]", [str(ID)]),
        ("""array['{"a": "b"}'::jsonb, null]""", ['{"a": "b"}', None]),
        ("array['1 day'::interval]", ["1 day"]),
        ("array['$1.50'::money]", ["$1.50"]),
        ("array[b'101']", ["101"]),
        ("array['10.0.0.1'::inet]", ["10.0.0.1"]),
        ("array['(1,2)'::point]", ["(1,2)"]),
        ("array['[1,3)'::int4range]", ["[1,3)"]),
        ("'{(1,1),(0,0)}'::box[]", "{(1,1),(0,0)}"),
        ("'{}'::text[]", []),
        ("null::int[]", None),
    ],
)
def test_arrays_of_each_type_are_read(
    server: PostgresServer, connection: _aft.Connection, sql: str, lists: Any
) -> None:
    server.run(COLUMNS)

    assert str(rows(connection, f"select {sql} as x")["x"].to_pylist()) == str([lists])


def test_decimals_in_arrays_are_read_as_others(connection: _aft.Connection) -> None:
    sql = "select '{1.5,0.123456789012345678}'::numeric[] as x"

    exact = pa.table(connection.read(sql, decimals="exact"))
    rounded = connection.read(sql)

    assert exact["x"].to_pylist() == [[Decimal("1.5"), Decimal("0.123456789012345678")]]
    assert pa.table(rounded)["x"].to_pylist() == [[1.5, 0.12345678901234568]]
    assert rounded.rounded() == {"x": 1}


def test_an_element_that_no_list_holds_is_named_by_its_row(
    connection: _aft.Connection,
) -> None:
    with pytest.raises(
        _aft.Error, match="row 2 holds 'infinity' in a column of dates; read it with"
    ):
        rows(connection, INFINITE)


def test_an_infinite_element_is_null_where_that_is_asked_for(
    connection: _aft.Connection,
) -> None:
    read = pa.table(connection.read(INFINITE, infinite_dates="null"))

    day = dt.date(2024, 1, 1)
    assert read["x"].to_pylist() == [[day], [day, None]]


def test_long_arrays_and_those_of_a_query_with_parameters_are_whole(
    connection: _aft.Connection,
) -> None:
    sql = (
        "select n as id, array(select i from generate_series(1, n * 7) i) as x "
        "from generate_series(1, 3000, 100) n where n > ?"
    )

    read = pa.table(connection.read(sql, parameters=[100]))

    for n, values in zip(read["id"].to_pylist(), read["x"].to_pylist()):
        assert values == [*range(1, n * 7 + 1)]


def test_scripts_get_lists_as_their_kind_of_frame_has_them(server: PostgresServer) -> None:
    text = server.connection_string
    sql = (
        "select * from (values (1, '{1,NULL,9007199254740993}'::bigint[], '{a}'::text[], "
        "'{0.5,NaN,NULL}'::float8[], '{{1},{2}}'::int[], '{2024-02-29}'::date[]), "
        "(2, null, '{}', null, '{}', '{}')) v (id, i, t, f, m, d) order by id"
    )
    day = dt.date(2024, 2, 29)

    frame = aft.read_sql(text, sql)
    assert [str(frame[name].tolist()) for name in "itfmd"] == [
        "[[1, None, 9007199254740993], None]",
        "[['a'], []]",
        "[[0.5, nan, None], None]",
        "[[[1], [2]], []]",
        str([[day], []]),
    ]
    aft.write_table(text, frame, "nested.back")
    assert server.run("select * from nested.back order by id").splitlines() == [
        "1|{1,NULL,9007199254740993}|{a}|{0.5,NaN,NULL}|{{1},{2}}|{2024-02-29}",
        "2||{}||{}|{}",
    ]

    polars = aft.read_sql(text, sql, frame="polars")
    assert polars.schema["m"] == pl.List(pl.List(pl.Int32))
    aft.write_table(text, polars, "nested.back")
    assert aft.read_sql(text, "select * from nested.back order by id", frame="polars").equals(
        polars, null_equal=True
    )
    fixed = pl.DataFrame({"a": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2))})
    aft.write_table(text, fixed, "nested.fixed")
    assert server.run("select a from nested.fixed").splitlines() == ["{1,2}"]


def test_bytes_in_lists_are_exact_whatever_the_role_has_set(server: PostgresServer) -> None:
    server.run(f'alter role "{USER}" set bytea_output = escape')
    try:
        connection = _aft.Connection(server.connection_string)
        table = rows(connection, "select array['\\x00ff'::bytea] as list")
        connection.close()
    finally:
        server.run(f'alter role "{USER}" reset bytea_output')

    assert table.column("list").to_pylist() == [[b"\0\xff"]]
