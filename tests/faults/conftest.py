# SPDX-License-Identifier: Apache-2.0
"""Faults hit the projects of the end-to-end tests, on a server where one matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import project, seeded
from tests.end_to_end.project import Project
from tests.support.postgres import DATABASE, PASSWORD, USER, PostgresServer, running_server

__all__ = ["project", "seeded"]

PROFILE = f"""
jaffle_shop:
  target: server
  outputs:
    server:
      type: postgres
      threads: 4
      host: 127.0.0.1
      port: "{{{{ env_var('POSTGRES_PORT') | as_number }}}}"
      user: "{USER}"
      password: "{{{{ env_var('POSTGRES_PASSWORD') }}}}"
      dbname: "{DATABASE}"
      schema: shop
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    with running_server() as server:
        yield server


class ServerProject(Project):
    """A project whose warehouse is the server."""

    server: PostgresServer

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands run with."""
        return super().environment | {
            "POSTGRES_PORT": str(self.server.port),
            "POSTGRES_PASSWORD": PASSWORD,
        }

    def rows(self, sql: str) -> list[str]:
        """Rows of a query, read by other means than aft's; values with `|` between."""
        return self.server.run(sql).splitlines()

    def tables(self) -> set[str]:
        """The names of all tables and views of the project's schemas."""
        return set(
            self.rows(
                "select table_name from information_schema.tables "
                "where table_schema not in ('information_schema', 'pg_catalog')"
            )
        )

    def sessions(self) -> list[str]:
        """What the server's other sessions that are not idle do."""
        return self.rows(
            "select query from pg_stat_activity where pid <> pg_backend_pid() "
            f"and datname = '{DATABASE}' and state <> 'idle'"
        )

    def end_sessions(self) -> None:
        """End all other sessions of the server."""
        self.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            f"where pid <> pg_backend_pid() and datname = '{DATABASE}'"
        )


@pytest.fixture
def server_project(project: Project, postgres: PostgresServer) -> Iterator[ServerProject]:
    """The example project on PostgreSQL, with its tables built."""
    made = ServerProject(project.folder)
    made.server = postgres
    made.write("profiles.yml", PROFILE)
    built = made.aft("dbt", "build")
    assert built.exit_code == 0, built.output
    yield made
    postgres.run("drop schema shop cascade")
