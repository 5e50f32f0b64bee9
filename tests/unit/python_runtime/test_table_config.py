# SPDX-License-Identifier: Apache-2.0
"""What dbt's configuration asks of a model is done for the table that a script writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest
from aft import messages
from aft.errors import AftError, WarehouseError
from aft.manifest import Manifest
from aft.table_config import TableConfig
from aft.tables import Tables
from aft.warehouse import Warehouse
from aft.write_options import WriteOptions

from tests.support.duckdb_file import DuckdbFile
from tests.support.mariadb import MariadbServer
from tests.support.postgres import DATABASE, PostgresServer

MODEL: dict[str, Any] = {
    "unique_id": "model.shop.m",
    "resource_type": "model",
    "package_name": "shop",
    "name": "m",
    "schema": "configured",
    "alias": "m",
    "description": "It's mine",
    "config": {
        "grants": {"select": ["public"], "insert": "public", "update": []},
        "indexes": [{"columns": ["a"], "unique": True}, {"columns": ["s"], "type": "hash"}],
        "persist_docs": {"relation": True, "columns": True},
        "contract": {"enforced": True},
    },
    "columns": {
        "a": {
            "data_type": "bigint",
            "description": "",
            "constraints": [{"type": "not_null"}, {"type": "check", "expression": "a > 0"}],
        },
        "s": {"data_type": "varchar(3)", "description": "A \\ in it", "constraints": []},
    },
    "constraints": [{"type": "primary_key", "columns": ["a"]}],
}


@pytest.fixture
def tables(postgres: PostgresServer) -> Iterator[Tables]:
    postgres.run("drop schema if exists configured cascade; create schema configured")
    warehouse = Warehouse(postgres.connection_string)
    yield Tables(warehouse, _manifest(MODEL))
    warehouse.close()
    postgres.run("drop schema configured cascade")


def _manifest(model: dict[str, Any]) -> Manifest:
    metadata = {"project_name": "shop", "quoting": {"database": False}}
    return Manifest({"metadata": metadata, "nodes": {"m": model}, "sources": {}})


def write(tables: Tables, mode: str = "overwrite", **columns: Any) -> None:
    tables.write(pa.table(columns), "m", WriteOptions(mode))


def test_a_new_table_has_all_and_an_old_one_keeps_it(
    tables: Tables, postgres: PostgresServer
) -> None:
    def has() -> str:
        return postgres.run(
            "select relacl, obj_description(oid), col_description(oid, 2), "
            "(select count(*) from pg_index where indrelid = oid), "
            "(select string_agg(format_type(atttypid, atttypmod), ' ' order by attnum) "
            "from pg_attribute where attrelid = oid and attnum > 0), "
            "(select string_agg(pg_get_constraintdef(c.oid), ' ' order by conname) "
            "from pg_constraint c where conrelid = r.oid and contype <> 'n'), oid "
            "from pg_class r where oid = 'configured.m'::regclass"
        )

    write(tables, a=[1], s=["x"])
    first = has()
    write(tables, s=["y"], a=[2])
    write(tables, "append", a=[3])

    assert "=ar/" in first
    assert first.split("|")[1:6] == [
        "It's mine",
        "A \\ in it",
        "3",
        "bigint character varying(3)",
        "CHECK ((a > 0)) PRIMARY KEY (a)",
    ]
    assert has() == first
    assert postgres.run("select a, s from configured.m order by a") == "2|y\n3|"


def test_a_contract_of_other_types_makes_the_table_anew(
    tables: Tables, postgres: PostgresServer
) -> None:
    write(tables, a=[1], s=["x"])
    wider = {**MODEL["columns"], "s": {"data_type": "varchar(9)"}}
    with closing(Warehouse(postgres.connection_string)) as warehouse:
        changed = Tables(warehouse, _manifest({**MODEL, "columns": wider}))

        write(changed, a=[1], s=["long text"])

    assert postgres.run("select s from configured.m") == "long text"


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(messages, "warn", texts.append)
    return texts


PARTS = (
    "select (select string_agg(regexp_replace(pg_get_indexdef(indexrelid), '^.*USING ', ''), "
    "' ' order by indexrelid) from pg_index where indrelid = r.oid), (select string_agg("
    "pg_get_constraintdef(c.oid), ' ' order by c.oid) from pg_constraint c where conrelid = "
    "r.oid and contype <> 'n'), col_description(oid, 1), col_description(oid, 2), oid from "
    "pg_class r where oid = 'configured.m'::regclass"
)


def test_a_table_that_stays_gets_what_the_configuration_has_gained(
    tables: Tables, postgres: PostgresServer, warned: list[str]
) -> None:
    postgres.run("create table configured.other (a bigint primary key)")
    postgres.run("insert into configured.other values (1)")
    write(tables, a=[1], s=["x"])
    before = postgres.run(PARTS).split("|")
    key = {
        "type": "foreign_key",
        "columns": ["a"],
        "expression": "references configured.other",
    }
    short = {"type": "check", "expression": "length( s )<3"}
    docs = {
        "a": {**MODEL["columns"]["a"], "description": "The key"},
        "s": {**MODEL["columns"]["s"], "description": ""},
    }
    indexes = [*MODEL["config"]["indexes"], {"columns": ["lower(s)"]}]
    changed = {
        **MODEL,
        "columns": docs,
        "constraints": [*MODEL["constraints"], short, key],
        "config": {**MODEL["config"], "indexes": indexes},
    }
    with closing(Warehouse(postgres.connection_string)) as warehouse:
        gained = Tables(warehouse, _manifest(changed))
        write(gained, a=[1], s=["y"])
        after = postgres.run(PARTS).split("|")
        write(gained, a=[1], s=["z"])

    table = '"configured"."m"'
    assert warned == [
        "'configured.m' did not have all that dbt's configuration asks for, so aft ran: "
        f"ALTER TABLE {table} ADD CHECK (length( s )<3); ALTER TABLE {table} ADD FOREIGN KEY "
        f'("a") references configured.other; CREATE INDEX ON {table} (lower(s)); what it had '
        "already stays"
    ]
    assert after == [
        before[0] + " btree (lower((s)::text))",
        before[1] + " CHECK ((length((s)::text) < 3)) FOREIGN KEY (a) REFERENCES "
        "configured.other(a)",
        "The key",
        "",
        before[4],
    ]
    assert postgres.run(PARTS).split("|") == after
    assert postgres.run("select s from configured.m") == "z"


def test_rows_that_break_a_constraint_which_the_table_is_to_get_are_refused(
    tables: Tables, postgres: PostgresServer, warned: list[str]
) -> None:
    write(tables, a=[1], s=["x"])
    large = {"type": "check", "expression": "a > 5"}
    model = {**MODEL, "constraints": [*MODEL["constraints"], large]}
    with closing(Warehouse(postgres.connection_string)) as warehouse:
        changed = Tables(warehouse, _manifest(model))

        with pytest.raises(WarehouseError, match="23514"):
            write(changed, a=[2], s=["y"])

    assert postgres.run("select a, s from configured.m") == "1|x"
    assert warned == []


@pytest.mark.usefixtures("tables")
def test_what_cannot_be_compared_with_the_configuration_is_named(
    postgres: PostgresServer, warned: list[str]
) -> None:
    postgres.run(
        "drop role if exists configured_writer; create role configured_writer;"
        "grant usage on schema configured to configured_writer;"
        "create table configured.m (a bigint not null, s varchar(3));"
        "create index on configured.m (s);"
        "alter table configured.m owner to configured_writer"
    )
    role = ";ConnSettings=set role configured_writer"
    model = {**MODEL, "config": {"indexes": [{"columns": ["a"]}]}}
    try:
        with closing(Warehouse(postgres.connection_string + role)) as warehouse:
            write(Tables(warehouse, _manifest(model)), a=[1], s=["x"])
            postgres.run(f'revoke temporary on database "{DATABASE}" from public')
            write(Tables(warehouse, _manifest(model)), a=[1], s=["x"])
        table, index = '"configured"."m"', 'CREATE INDEX ON "configured"."m" (a)'
        assert warned == [
            f"{table} lacks what dbt's configuration asks for, and aft may not change it; let "
            f"its owner run: {index}",
            f"aft may make no tables, so it cannot tell whether {table} has what dbt's "
            f"configuration asks for: {index}",
        ]
        assert postgres.run("select a, s from configured.m") == "1|x"
    finally:
        postgres.run(
            f'grant temporary on database "{DATABASE}" to public;'
            "drop owned by configured_writer cascade; drop role configured_writer"
        )


def test_grants_on_mariadb_are_those_of_the_configuration(
    mariadb: MariadbServer, warned: list[str]
) -> None:
    mariadb.run("drop schema if exists configured; create schema configured")
    mariadb.run("create role analysts; create user reader, `other`@localhost, gone@localhost")
    granted = (
        "select grantee, privilege_type from information_schema.table_privileges "
        "where table_schema = 'configured' order by 1, 2"
    )
    grants = {"select": ["reader", "'other'@'localhost'", "analysts"]}
    model = {**MODEL, "config": {"grants": grants, "contract": {"enforced": True}}}
    try:
        with closing(Warehouse(mariadb.connection_string)) as warehouse:
            tables = Tables(warehouse, _manifest(model))
            write(tables, a=[1], s=["x"])
            mariadb.run("grant update on configured.m to reader, analysts")
            mariadb.run("grant select on configured.m to gone@localhost")
            write(tables, a=[2], s=["y"])

        assert mariadb.run(granted).splitlines() == [
            "'analysts'@''|SELECT",
            "'other'@'localhost'|SELECT",
            "'reader'@'%'|SELECT",
        ]
        assert set(warned) == {
            "aft does not apply the constraints in the contract of model 'm' on MariaDB; it "
            "checks names and types alone"
        }
    finally:
        mariadb.run("drop user reader, `other`@localhost, gone@localhost; drop role analysts")
        mariadb.run("drop schema configured")


def test_duckdb_gets_comments_and_keeps_what_dbt_has_made(
    duckdb: DuckdbFile, warned: list[str]
) -> None:
    made = (
        "select t.comment, c.comment, (select count(*) from duckdb_indexes() where "
        "schema_name = 'configured') from duckdb_tables() t join duckdb_columns() c "
        "using (table_oid) where t.schema_name = 'configured' and c.column_name = 's'"
    )
    with closing(Warehouse(duckdb.target("configured"))) as warehouse:
        tables = Tables(warehouse, _manifest(MODEL))
        write(tables, a=[1], s=["x"])
        assert duckdb.run(made) == "It's mine|A \\ in it|0"
        duckdb.run("create unique index i on configured.m (a)")
        write(tables, a=[1], s=["y"])

    assert duckdb.run(made) == "It's mine|A \\ in it|1"
    assert duckdb.run("from configured.m") == "1|y"
    duckdb.run("drop schema configured cascade")
    constraints, indexes = warned[0].split("; aft makes ")
    assert constraints == (
        "aft does not apply the constraints in the contract of model 'm' on DuckDB; it checks "
        "names and types alone"
    )
    assert indexes.startswith("no indexes on DuckDB; dbt makes those of model 'm' when it")


def test_grants_that_are_no_more_configured_are_revoked(
    tables: Tables, postgres: PostgresServer, warned: list[str]
) -> None:
    postgres.run(
        'drop role if exists "Other"; create role "Other";'
        "create table configured.m (a bigint);"
        'grant select, update on configured.m to public, "Other"'
    )
    try:
        write(tables, a=[1], s=["x"])
        assert warned == []
        write(tables, a=[1], s=["x"])
        postgres.run('grant update, select on configured.m to public, "Other"')
        write(tables, a=[1], s=["x"])

        assert postgres.run(
            "select grantee, privilege_type from information_schema.role_table_grants "
            "where table_schema = 'configured' and grantee <> grantor order by 1, 2"
        ).splitlines() == ["PUBLIC|INSERT", "PUBLIC|SELECT"]
    finally:
        postgres.run('drop owned by "Other"; drop role "Other"')


def test_a_frame_that_breaks_the_contract_changes_nothing(
    tables: Tables, postgres: PostgresServer
) -> None:
    write(tables, a=[1], s=["x"])

    with pytest.raises(AftError) as types:
        tables.write(
            pa.table({"a": [2], "s": ["x"]}),
            "m",
            WriteOptions(dtype={"a": "BIGINT", "s": "varchar(9)"}),
        )
    with pytest.raises(AftError, match=r"'a' the type 'varchar\(3\)', but the contract"):
        tables.write(pa.table({"a": [2], "s": ["x"]}), "m", WriteOptions(dtype="varchar(3)"))
    with pytest.raises(AftError) as columns:
        write(tables, a=[2], b=[3])
    with pytest.raises(AftError, match="it has more columns: 'b'"):
        write(tables, "append", a=[2], b=[3])
    with pytest.raises(AftError, match="column 's', row 1 holds the text 'four'"):
        write(tables, a=[2], s=["four"])
    with pytest.raises(WarehouseError, match="23514"):
        write(tables, a=[-2], s=["x"])

    assert str(types.value) == (
        "dtype gives column 's' the type 'varchar(9)', but the contract of model 'm' declares "
        "'varchar(3)'; leave the column out of dtype, or change its data_type"
    )
    assert str(columns.value) == (
        "the frame breaks the contract of model 'm': it has no column 's' and has more "
        "columns: 'b'"
    )
    assert postgres.run("select a, s from configured.m") == "1|x"


def test_each_database_is_asked_for_what_it_has() -> None:
    config = TableConfig(MODEL)
    plain = TableConfig({"name": "m", "config": {}, "columns": MODEL["columns"]})

    assert config.statements("SQLite", "t", ["a"], repr) == ([], [])
    assert config.statements("MariaDB", "t", ["a"], repr) == (
        [],
        ["GRANT select ON t TO public", "GRANT insert ON t TO public"],
    )
    assert plain.statements("PostgreSQL", "t", ["a"], repr) == ([], [])
    assert plain.column_types({"a": "int"}) == {"a": "int"}
    plain.check(["other"], may_leave_out=False)
