# SPDX-License-Identifier: Apache-2.0
"""A project on a MariaDB server."""

from __future__ import annotations

from pathlib import Path

from tests.support.mariadb import DATABASE, PASSWORD, USER, MariadbServer
from tests.support.project import Project

PROFILE = f"""
jaffle_shop:
  target: server
  outputs:
    server:
      type: mysql
      threads: 4
      server: 127.0.0.1
      port: "{{{{ env_var('MARIADB_PORT') | as_number }}}}"
      schema: {DATABASE}
      username: {USER}
      password: "{{{{ env_var('MARIADB_PASSWORD') }}}}"
"""


class MariadbProject(Project):
    """A project whose warehouse is the server."""

    server: MariadbServer

    @classmethod
    def moved(cls, server: MariadbServer, folder: Path) -> MariadbProject:
        """The project in ``folder``, which is moved to ``server``."""
        project = cls(folder)
        project.server = server
        project.write("profiles.yml", PROFILE)
        return project

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands run with."""
        return super().environment | {
            "MARIADB_PORT": str(self.server.port),
            "MARIADB_PASSWORD": PASSWORD,
        }
