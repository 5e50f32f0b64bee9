# SPDX-License-Identifier: Apache-2.0
"""Roles of the server that may do little."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import DATABASE, USER
from tests.support.server_project import PROFILE as SERVER_PROFILE
from tests.support.server_project import ServerProject

ROLE, PASSWORD = "limited", "little"
PROFILE = (
    SERVER_PROFILE.replace(f'"{USER}"', ROLE)
    .replace("{{ env_var('POSTGRES_PASSWORD') }}", PASSWORD)
    .replace("schema: shop", "schema: small")
)


@pytest.fixture
def limited(server_project: ServerProject) -> Iterator[ServerProject]:
    """A project whose role may read `shop`, and create in `small` alone."""
    server_project.rows(
        f"create role {ROLE} login password '{PASSWORD}'; "
        "revoke create on schema public from public; "
        f'revoke create, temporary on database "{DATABASE}" from public; '
        f"create schema small authorization {ROLE}; "
        f"grant usage on schema shop to {ROLE}; "
        f"grant select on all tables in schema shop to {ROLE}"
    )
    server_project.write("profiles.yml", PROFILE)
    yield server_project
    server_project.rows(f"drop owned by {ROLE} cascade; drop role {ROLE}")


def test_one_schema_to_create_in_is_enough(limited: ServerProject) -> None:
    seeded = limited.aft("dbt", "seed")
    assert seeded.exit_code == 0, seeded.output

    for _ in range(2):
        run = limited.aft("dbt", "run")

        assert run.exit_code == 0, run.output
        (entry,) = limited.results()
        assert entry["status"] == "success"
    table = "customers_predicted_ltvs"
    assert limited.rows(f"select count(*) from small.{table}") == ["100"]
    assert limited.rows(f"select count(*) from shop.{table}") == ["100"]
    report = limited.aft("debug")
    assert report.exit_code == 0, report.output


def test_rights_that_are_missing_are_named(limited: ServerProject) -> None:
    limited.write("profiles.yml", PROFILE.replace("small", "shop"))
    limited.rows(f"revoke select on shop.orders from {ROLE}")

    report = limited.aft("debug")

    assert report.exit_code == 1
    lines = report.output.splitlines()
    (short, write) = [line for line in lines if "write to shop:" in line]
    assert short.endswith("ERROR, see below")
    assert "42501" in write
    assert "permission denied for schema shop" in write
    (_, read) = [line for line in lines if 'shop"."orders"' in line and "read" in line]
    assert "42501" in read
    assert PASSWORD not in report.output


def test_a_look_at_the_rights_makes_no_schema(limited: ServerProject) -> None:
    limited.write("profiles.yml", PROFILE.replace("schema: small", "schema: nowhere"))
    schemas = limited.rows("select nspname from pg_namespace order by 1")

    refused = limited.aft("debug")
    limited.rows(f'grant create on database "{DATABASE}" to {ROLE}')
    allowed = limited.aft("debug")

    assert refused.exit_code == 1
    assert "the schema is not there, and this role may not create" in refused.output
    assert allowed.exit_code == 0, allowed.output
    assert "OK, the schema is not there yet, and this role may create it" in allowed.output
    assert limited.rows("select nspname from pg_namespace order by 1") == schemas


def test_a_table_of_another_owner_is_left_alone(limited: ServerProject) -> None:
    """The role may create in the schema, but the table to replace is not its own."""
    limited.write("profiles.yml", PROFILE.replace("small", "shop"))
    limited.rows(f"grant create on schema shop to {ROLE}")
    before = limited.rows("select * from shop.customers_predicted_ltvs order by 1")

    run = limited.aft("dbt", "run", "-s", "customers_predicted_ltvs")

    assert run.exit_code == 1, run.output
    (entry,) = limited.results()
    assert "42501" in entry["message"]
    assert "permission denied for table customers_predicted_ltvs" in entry["message"]
    assert limited.rows("select * from shop.customers_predicted_ltvs order by 1") == before
    assert not [name for name in limited.tables() if "aft" in name]
