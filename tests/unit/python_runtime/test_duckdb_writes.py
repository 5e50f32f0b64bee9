# SPDX-License-Identifier: Apache-2.0
"""DuckDB stores the same by its module and as dbt lends it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb as module
import pyarrow as pa
import pytest
from aft import _aft
from aft.transports.transport import TransportConnection

from tests.support import duckdb_transports
from tests.support.duckdb_file import DuckdbFile

TABLE: dict[str, Any] = {
    "database": None,
    "schema": "stored",
    "identifier": "t",
    **dict.fromkeys(("quote_database", "quote_schema", "quote_identifier"), True),
}
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 1)
ID = uuid.UUID(int=5)
PLANS = Path(__file__).parents[1] / "warehouse" / "write_plans" / "duckdb.txt"


@pytest.fixture(scope="module", params=duckdb_transports.NAMES)
def connection(
    request: pytest.FixtureRequest, duckdb: DuckdbFile
) -> Iterator[TransportConnection]:
    duckdb.run("create schema stored")
    with duckdb_transports.connected(request.param, duckdb) as made:
        yield made
    duckdb.run("drop schema stored cascade")


def infinite(kind: pa.DataType) -> pa.Array:
    bits = kind.bit_width
    return pa.array([2 ** (bits - 1) - 1], pa.int32() if bits == 32 else pa.int64()).cast(kind)


# A column, the type that a new table gets for it, and what is stored.
NEW: list[tuple[pa.Array, str, list[str]]] = [
    (pa.nulls(2), "VARCHAR", ["", ""]),
    (pa.array([True, None]), "BOOLEAN", ["true", ""]),
    (pa.array([-128, None], pa.int8()), "TINYINT", ["-128", ""]),
    (pa.array([2**64 - 1, None], pa.uint64()), "UBIGINT", [str(2**64 - 1), ""]),
    (pa.array([1.5, float("nan")], pa.float32()), "DOUBLE", ["1.5", "nan"]),
    (pa.array([Decimal("1.50"), None]), "DECIMAL(38,2)", ["1.50", ""]),
    (pa.array(["a\0b", ""]), "VARCHAR", ["a\0b", ""]),
    (pa.array(["a", "b" * 99], pa.string_view()), "VARCHAR", ["a", "b" * 99]),
    (pa.array(["a", None]).dictionary_encode(), "VARCHAR", ["a", ""]),
    (pa.array([b"\0\xff", None]), "BLOB", [r"\x00\xFF", ""]),
    (pa.array([NOON.date(), None], pa.date64()), "DATE", ["2024-02-29", ""]),
    (pa.array([NOON.time(), None]), "TIME", ["12:00:00.000001", ""]),
    (pa.array([NOON, None], pa.timestamp("ns")), "TIMESTAMP", [str(NOON), ""]),
    (
        pa.array([NOON, None], pa.timestamp("us", "Europe/Berlin")),
        "TIMESTAMP WITH TIME ZONE",
        [f"{NOON}+00", ""],
    ),
    (
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([ID.bytes, None], pa.binary(16))),
        "UUID",
        [str(ID), ""],
    ),
    (
        pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None])),
        "JSON",
        ['{"a": 1}', ""],
    ),
    (pa.array([[1, None], []]), "BIGINT[]", ["[1, NULL]", "[]"]),
    (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), "BIGINT[]", ["[1, 2]", ""]),
    (pa.array([[[1], None], [[]]]), "BIGINT[][]", ["[[1], NULL]", "[[]]"]),
    (
        pa.array([["ü", None], None], pa.large_list(pa.string())),
        "VARCHAR[]",
        ["[ü, NULL]", ""],
    ),
    (pa.array([[NOON.date(), None], None]), "DATE[]", ["[2024-02-29, NULL]", ""]),
]


def test_new_tables_get_types_that_hold_the_frames_values(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    frame = pa.table({f"c{at}": column for at, (column, _, _) in enumerate(NEW)})

    connection.write(frame, TABLE, "overwrite")

    types = duckdb.run(
        "select data_type from duckdb_columns() where schema_name = 'stored' "
        "order by column_index"
    )
    assert types.splitlines() == [kind for _, kind, _ in NEW]
    for at, (_, kind, values) in enumerate(NEW):
        stored = duckdb.run(f"select c{at} as v from stored.t").split("\n")
        assert stored == values, kind


ALL_TYPES = (
    *("boolean", "tinyint", "uint64", "hugeint", "decimal(6, 2)", "float", "double"),
    *("varchar", "blob", "date", "time", "timestamp", "timestamp_s", "timestamp_ns"),
    *("timestamptz", "timetz", "interval", "bit", "uuid", "json", "enum('a')", "bigint[]"),
    *("decimal(4, 1)[2]", "date[]", "bigint[][]", "struct(a int)", "map(int, int)"),
    *("union(i int)", "variant"),
)


def test_columns_of_any_type_take_nulls_and_no_rows(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    declared = [f"c{at} {kind}" for at, kind in enumerate(ALL_TYPES)]
    duckdb.run(f"create or replace table stored.t ({', '.join(declared)})")

    for column in (pa.nulls(2), pa.nulls(0)):
        frame = pa.table({f"c{at}": column for at in range(len(ALL_TYPES))})
        connection.write(frame, TABLE, "append")

    assert duckdb.run("select count(*), count(columns(*)) from stored.t").startswith("2|0|0")


INTO: list[tuple[str, Any, str]] = [
    ("decimal(6,2)", 0.1 + 0.2, "0.30"),
    ("decimal(6,2)", 7, "7.00"),
    ("float", 0.1, "0.1"),
    ("integer", Decimal("3.00"), "3"),
    ("hugeint", 2**63 - 1, str(2**63 - 1)),
    ("varchar", True, "true"),
    ("date", dt.datetime(2024, 2, 29), "2024-02-29"),
    ("timestamp_s", dt.datetime(2024, 2, 29, 12), "2024-02-29 12:00:00"),
    ("timestamp_ns", NOON, "2024-02-29 12:00:00.000001"),
    ("timestamp", NOON.date(), "2024-02-29 00:00:00"),
    ("uuid", str(ID), str(ID)),
    ("interval", "1 day", "1 day"),
    ("bit", "101", "101"),
    ("enum('a', 'b')", "b", "b"),
    ("json", [1, None], "[1, null]"),
    ("varchar", [1, None], "[1, null]"),
    ("bigint[2]", [1, 2], "[1, 2]"),
    ("decimal(4,1)[]", [Decimal("1.5")], "[1.5]"),
    ("integer[]", [1, None, -5], "[1, NULL, -5]"),
    ("decimal(4,2)[]", [2, 1], "[2.00, 1.00]"),
    ("float[]", [0.1], "[0.1]"),
    ("date[]", [dt.datetime(2024, 2, 29)], "[2024-02-29]"),
]


def test_columns_that_are_there_hold_values_as_they_are(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    declared = ", ".join(f"c{at} {kind}" for at, (kind, _, _) in enumerate(INTO))
    duckdb.run(f"create or replace table stored.t ({declared})")

    frame = pa.table({f"c{at}": [value] for at, (_, value, _) in enumerate(INTO)})
    connection.write(frame, TABLE, "append")

    assert duckdb.run("from stored.t").split("|") == [stored for _, _, stored in INTO]


def test_an_element_that_does_not_fit_is_refused_by_its_row(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    duckdb.run("create or replace table stored.t (a smallint[])")

    with pytest.raises(_aft.Error, match="column 'a', row 2 holds the integer 70000"):
        connection.write(pa.table({"a": [[1], [2, 70_000]]}), TABLE, "append")

    assert duckdb.run("select count(*) from stored.t") == "0"


OUTSIDE = "row 2 holds a date or time outside of the years 1 to 9999"


def listed(values: pa.Array) -> pa.Array:
    """The values, each in a list; NULLs are lists of NULL."""
    return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values)


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("us", "UTC")])
def test_what_stands_for_infinity_is_no_date(
    connection: TransportConnection, duckdb: DuckdbFile, kind: pa.DataType
) -> None:
    plain = pa.concat_arrays([pa.nulls(1, kind), infinite(kind)])

    for column, more in (
        (plain, ""),
        (listed(plain), " in a list"),
        (listed(listed(plain)), " in a list"),
        (pa.concat_arrays([listed(plain), listed(plain)]).slice(1, 3), " in a list"),
    ):
        at = "row 1" if len(column) == 3 else "row 2"
        with pytest.raises(_aft.Error, match=OUTSIDE.replace("row 2", at) + more):
            connection.write(pa.table({"a": column}), TABLE, "overwrite")
    assert duckdb.run("select 1 from duckdb_tables() where table_name ~ 'aft_.*'") == ""


def test_a_text_that_is_none_is_refused_in_lists_as_elsewhere(
    connection: TransportConnection,
) -> None:
    size = pa.array([0, 1, 2], pa.int32()).buffers()[1]
    texts = pa.StringArray.from_buffers(2, size, pa.py_buffer(b"a\xff"))

    for column in (texts, texts.dictionary_encode(), listed(texts), listed(listed(texts))):
        with pytest.raises(_aft.Error, match=r"row 2 holds text that isn't valid UTF-8"):
            connection.write(pa.table({"a": column}), TABLE, "overwrite")


def test_wide_and_long_rows_are_whole(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    long = "ü" * 5_000_000
    frame = pa.table({f'c "{at}"': [at, None] for at in range(300)})

    connection.write(frame.append_column("long", [[long, ""]]), TABLE, "overwrite")

    whole = f"select count(*) from stored.t where long = repeat('ü', {len(long)})"
    assert duckdb.run(whole) == "1"
    read = pa.RecordBatchReader.from_stream(
        connection.read("select * from stored.t")
    ).read_all()
    assert read.drop(["long"]).equals(frame)
    assert read["long"].to_pylist() == [long, ""]


def test_rows_of_several_statements_keep_their_order(
    connection: TransportConnection, duckdb: DuckdbFile
) -> None:
    numbers = pa.table({"a": range(300_000)}).slice(7)

    written = connection.write(numbers, TABLE, "overwrite")

    assert written[0] == 299_993
    ordered = "select count(*) from (select a - rowid as d from stored.t) where d <> 7"
    assert duckdb.run(ordered) == "0"


def test_each_statement_of_the_plans_is_duckdbs() -> None:
    database = module.connect()
    for plan in PLANS.read_text().split("# ")[1:]:
        title, *steps = plan.splitlines()
        database.execute("drop schema if exists s cascade; create schema s")
        if title == "overwrite a view":
            database.execute("create view s.t as select 1 as k")
        elif not title.endswith("nothing"):
            database.execute("create table s.t (k bigint, v varchar, old int, id int)")
        for step in steps:
            if not step.startswith(("load ", "count", "commit")) or "counted" in step:
                database.execute(step.removeprefix("counted: ").removeprefix("none: "))
    database.close()
