# SPDX-License-Identifier: Apache-2.0
"""Lists, mappings and UUIDs: what each database has for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import aft
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.support.mariadb import MariadbServer
from tests.support.postgres import PostgresServer

ID = uuid.UUID("00000000-1111-2222-3333-444444444444")
NESTED = {
    "id": [1, 2],
    "u": [ID, None],
    "l": [[1, None], []],
    "m": [{"a": 1.5, "b": ["ü", None]}, None],
    "n": [np.array([1.0, 0.25]), None],
}
AS_TEXT = {
    "u": [str(ID), None],
    "l": ["[1, null]", "[]"],
    "m": ['{"a": 1.5, "b": ["ü", null]}', None],
    "n": ["[1.0, 0.25]", None],
}


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create schema nested")
    yield postgres
    postgres.run("drop schema nested cascade")


def types(server: PostgresServer) -> list[str]:
    return server.run(
        "select format_type(atttypid, atttypmod) from pg_attribute "
        "where attrelid = 'nested.t'::regclass and attnum > 0 order by attnum"
    ).splitlines()


def test_postgresql_has_uuids_arrays_and_jsonb(server: PostgresServer) -> None:
    text = server.connection_string
    frame = pd.DataFrame(NESTED)

    aft.write_table(text, frame, "nested.t")
    assert types(server) == [
        "bigint",
        "uuid",
        "bigint[]",
        "jsonb",
        "double precision[]",
    ]
    aft.write_table(text, frame, "nested.t", mode="upsert", unique_key="id")

    back = aft.read_sql(text, "select * from nested.t order by id", frame="arrow")
    assert back.to_pylist() == [
        {"id": 1, "u": str(ID), "l": [1, None], "m": AS_TEXT["m"][0], "n": [1.0, 0.25]},
        {"id": 2, "u": None, "l": [], "m": None, "n": None},
    ]


def test_columns_of_text_and_json_keep_their_types_in_an_overwrite(
    server: PostgresServer,
) -> None:
    server.run("create table nested.t (id bigint, u text, l jsonb, m json, n varchar(20))")

    aft.write_table(server.connection_string, pd.DataFrame(NESTED), "nested.t")

    assert types(server) == [
        "bigint",
        "text",
        "jsonb",
        "json",
        "character varying(20)",
    ]
    assert server.run("select * from nested.t where id = 1") == (
        f"1|{ID}|[1, null]|{AS_TEXT['m'][0]}|[1.0, 0.25]"
    )
    frame = pd.DataFrame({"n": [[1.5] * 9]})
    with pytest.raises(aft.Error, match=r"column 'n', row 1 holds .* holds 20 characters"):
        aft.write_table(server.connection_string, frame, "nested.t", mode="append")


# Types that aft knows no better, and what the server prints.
TEXTS = {
    '\'{"b": 1, "a": 1.10}\'::json': '{"b": 1, "a": 1.10}',
    '\'{"b": 1, "a": 1.10}\'::jsonb': '{"a": 1.10, "b": 1}',
    f"'{str(ID).upper()}'::uuid": str(ID),
    "'glad'::nested.mood": "glad",
    "'1 day 02:00'::interval": "1 day 02:00:00",
    "b'101'": "101",
    "b'0'::bit varying": "0",
    "'$1,234.50'::money": "$1,234.50",
    "'10.0.0.1/24'::inet": "10.0.0.1/24",
    "'10.0.0.0/24'::cidr": "10.0.0.0/24",
    "'08:00:2b:01:02:03'::macaddr": "08:00:2b:01:02:03",
    "'(1,2)'::point": "(1,2)",
    "'[1,3)'::int4range": "[1,3)",
    "'a:1'::tsvector": "'a':1",
    "'<a>ü</a>'::xml": "<a>ü</a>",
    "'10:00+02'::timetz": "10:00:00+02",
}


def test_other_types_are_text_in_each_frame_and_go_back_as_such(
    server: PostgresServer,
) -> None:
    server.run("create type nested.mood as enum ('sad', 'glad')")
    text = server.connection_string
    columns = ", ".join(f"{sql} as c{n}" for n, sql in enumerate(TEXTS))
    nulls = ", ".join("null" for _ in TEXTS)
    server.run(
        f"create table nested.t as select {columns}; insert into nested.t values ({nulls})"
    )
    stored = server.run("select * from nested.t")
    sql = "select * from nested.t order by c2"
    wanted = {f"c{n}": [value, None] for n, value in enumerate(TEXTS.values())}

    pandas = aft.read_sql(text, sql)
    polars = aft.read_sql(text, sql, frame="polars")
    arrow = aft.read_sql(text, sql, frame="arrow")

    assert pandas.astype(object).where(pandas.notna(), None).to_dict("list") == wanted
    assert polars.to_dict(as_series=False) == wanted
    assert arrow.to_pydict() == wanted
    for frame in (pandas, polars, arrow):
        server.run("delete from nested.t")
        aft.write_table(text, frame, "nested.t", mode="append")
        assert server.run("select * from nested.t") == stored


@pytest.mark.parametrize("kind", ["mariadb", "sqlite"])
def test_other_databases_have_json_and_text(
    kind: str, mariadb: MariadbServer, tmp_path: Path
) -> None:
    (tmp_path / "shop.db").touch()
    text = {
        "mariadb": mariadb.connection_string_to_database,
        "sqlite": f"Driver=SQLite3;Database={tmp_path}/shop.db",
    }[kind]
    frame = pd.DataFrame(NESTED)
    sql = "select * from nested_t order by id"

    for mode, key in (("overwrite", None), ("overwrite", None), ("upsert", "id")):
        aft.write_table(text, frame, "nested_t", mode=mode, unique_key=key)
        back = aft.read_sql(text, sql, frame="arrow").drop(["id"])
        assert back.to_pydict() == AS_TEXT
    if kind == "mariadb":
        shown = mariadb.run("show create table nested_t")
        assert all(
            part in shown for part in ("`u` uuid", "json_valid(`l`)", "json_valid(`m`)")
        )
        mariadb.run("drop table nested_t")
    for value, what in (
        (float("nan"), "NaN .not a number. in a list"),
        (b"x", "lists of bytes"),
    ):
        with pytest.raises(aft.Error, match=f"column 'l'.* holds {what}"):
            aft.write_table(text, pd.DataFrame({"l": [[value]]}), "refused")


def test_a_json_column_of_sqlite_takes_what_it_does_not_make_a_number_of(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.db").touch()
    text = f"Driver=SQLite3;Database={tmp_path}/shop.db"
    empty = pa.table({"j": pa.array(["{}"], pa.json_())})
    aft.write_table(text, empty, "t", dtype={"j": "JSON"})

    numbers = pa.table({"j": pa.array(["{}", "1.50"], pa.json_())})
    with pytest.raises(aft.Error, match=r"row 2 holds the text '1\.50', and the table's"):
        aft.write_table(text, numbers, "t", mode="append")
    aft.write_table(text, numbers.slice(0, 1), "t", mode="append")

    assert aft.read_sql(text, "select j from t")["j"].tolist() == ["{}", "{}"]
