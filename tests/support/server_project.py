# SPDX-License-Identifier: Apache-2.0
"""The example project on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from tests.support.postgres import DATABASE, USER, PostgresServer
from tests.support.project import Project

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


class ServerProject(Project):
    """A project whose warehouse is the server."""

    server: PostgresServer

    @classmethod
    def moved(cls, server: PostgresServer, folder: Path) -> ServerProject:
        """Move the project in ``folder`` to ``server``."""
        project = cls(folder)
        project.server = server
        project.write("profiles.yml", PROFILE)
        return project

    @classmethod
    def on(cls, server: PostgresServer, folder: Path) -> ServerProject:
        """Move the project in ``folder`` to ``server`` and build it there."""
        project = cls.moved(server, folder)
        built = project.aft("dbt", "build")
        assert built.exit_code == 0, built.output
        return project

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands run with."""
        return super().environment | {
            "POSTGRES_PORT": str(self.server.port),
            "POSTGRES_PASSWORD": self.server.password,
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
