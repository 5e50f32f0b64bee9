# SPDX-License-Identifier: Apache-2.0
"""Writes by a user that may make no temporary tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support import databases
from tests.support.mariadb import PASSWORD, USER, MariadbServer
from tests.support.place import Place, frame, on_server
from tests.support.postgres import DATABASE, PostgresServer

LIMITED = "untemporary"
GRANTS = "select, insert, update, delete, create, drop, alter"


@pytest.fixture
def on_postgres(postgres: PostgresServer) -> Iterator[Place]:
    """A schema of such a role on PostgreSQL, which a role of the server's looks into."""
    with on_server(databases.database("postgres", postgres), "rights") as place:
        place.run(
            f'revoke temporary on database "{DATABASE}" from public; create role {LIMITED}; '
            f"grant all on schema rights to {LIMITED}; set role {LIMITED}; "
            "create table rights.t (k int primary key, v numeric(6, 2), o text); "
            "insert into rights.t values (1, 1.5, 'x')"
        )
        role = f"ConnSettings={{set role {LIMITED}}}"
        yield replace(place, string=f"{place.string};{role}")
        place.run(
            f"drop owned by {LIMITED} cascade; drop role {LIMITED}; "
            f'grant temporary on database "{DATABASE}" to public'
        )


@pytest.fixture
def on_mariadb(mariadb: MariadbServer) -> Iterator[Place]:
    """A schema that such a user may write to on MariaDB."""
    with on_server(databases.database("mariadb", mariadb), "rights") as place:
        place.make("k int primary key, v decimal(6, 2), o text", "1, 1.5, 'x'")
        place.run(
            f"create user {LIMITED}@'127.0.0.1' identified by 'x'; "
            f"grant {GRANTS} on rights.* to {LIMITED}@'127.0.0.1'"
        )
        given = f"UID={USER};PWD={{{PASSWORD.replace('}', '}}')}}}"
        yield replace(place, string=place.string.replace(given, f"UID={LIMITED};PWD=x"))
        place.run(f"drop user {LIMITED}@'127.0.0.1'")


@pytest.fixture(params=["on_postgres", "on_mariadb"])
def limited(request: pytest.FixtureRequest) -> Place:
    """A table `t` of one row, and a user that may make no temporary tables."""
    place: Place = request.getfixturevalue(request.param)
    return place


def test_every_mode_needs_no_right_to_temporary_tables(limited: Place) -> None:
    limited.write(frame(k=[2]), "append", on_schema_change="sync_all_columns")
    limited.write(frame(k=[3], n=[3]), "append", on_schema_change="append_new_columns")
    limited.write(frame(k=[3, 4], n=[5, 4]), "upsert", ["k"])
    limited.write(frame(k=[2, 5], n=[2, 5]), "delete+insert", ["k"])

    nothing = "NULL" if limited.server == "mariadb" else ""
    assert limited.rows("k, n") == [f"1|{nothing}", "2|2", "3|5", "4|4", "5|5"]
    assert limited.tables() == ["t"]


@pytest.mark.parametrize("is_declared", [True, False])
def test_types_are_compared_without_a_temporary_table(
    on_postgres: Place, is_declared: bool
) -> None:
    types = {"k": "int", "v": "decimal(6,2)"}
    table_id = on_postgres.run("select 'rights.t'::regclass::oid")

    on_postgres.write(
        frame(k=[7], v=[2.5], o=["y"]),
        "overwrite",
        column_types=types,
        types_are_declared=is_declared,
    )

    assert on_postgres.rows() == ["7|2.50|y"]
    assert on_postgres.run("select 'rights.t'::regclass::oid") == table_id
    assert on_postgres.tables() == ["t"]
