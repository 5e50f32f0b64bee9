# SPDX-License-Identifier: Apache-2.0
"""What dbt's configuration asks of a model is done for the table that a script writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pytest
from aft.errors import AftError, WarehouseError
from aft.manifest import Manifest
from aft.table_config import TableConfig
from aft.tables import Tables
from aft.warehouse import Warehouse
from aft.write_options import WriteOptions

from tests.support.postgres import PostgresServer

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


def test_grants_that_are_no_more_configured_are_revoked(
    tables: Tables, postgres: PostgresServer
) -> None:
    postgres.run(
        'drop role if exists "Other"; create role "Other";'
        "create table configured.m (a bigint);"
        'grant select, update on configured.m to public, "Other"'
    )
    try:
        write(tables, a=[1], s=["x"])
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

    with pytest.raises(AftError) as columns:
        write(tables, a=[2], b=[3])
    with pytest.raises(AftError, match="it has more columns: 'b'"):
        write(tables, "append", a=[2], b=[3])
    with pytest.raises(AftError, match="column 's', row 1 holds the text 'four'"):
        write(tables, a=[2], s=["four"])
    with pytest.raises(WarehouseError, match="23514"):
        write(tables, a=[-2], s=["x"])

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
    assert plain.column_types() == {}
    plain.check(["other"], may_leave_out=False)
