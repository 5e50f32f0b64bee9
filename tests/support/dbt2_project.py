# SPDX-License-Identifier: Apache-2.0
"""A project that is built by dbt 2, on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.postgres import PostgresServer
from tests.support.server_project import PROFILE, ServerProject

# Where dbt 2.0.0a4 keeps the driver that it would download.
DRIVER = (
    ".cache/com.getdbt/adbc/x86_64-manylinux_2_17-linux-gnu/"
    "libadbc_driver_postgresql-0.21.0+dbt0.21.0.so"
)


class Dbt2Project(ServerProject):
    """Its commands have a home folder in which dbt finds its driver."""

    home: Path

    @classmethod
    def in_home(cls, home: Path, server: PostgresServer, folder: Path) -> Dbt2Project:
        """Move the project in ``folder`` to ``server``."""
        project = cls(folder)
        project.home, project.server = home, server
        project.write("profiles.yml", PROFILE)
        project._move_meta(folder / "models" / "schema.yml")
        for model in (folder / "models").glob("*.sql"):
            # In an ephemeral model, dbt 2 takes `this` for the model's own query.
            text = model.read_text()
            model.write_text(
                text.replace("{{ this }}", "{{ this.schema }}.{{ this.identifier }}")
            )
        return project

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands run with."""
        return super().environment | {
            "HOME": str(self.home),
            "DBT_ALLOW_EXPERIMENTAL_ADAPTERS": "true",
        }

    def set_meta(self, properties: dict[str, Any], meta: dict[str, Any]) -> None:
        """Set the `meta` of a node, which dbt 2 takes from its `config` only."""
        properties.setdefault("config", {})["meta"] = meta

    def _move_meta(self, file: Path) -> None:
        content = yaml.safe_load(file.read_text())
        for model in content["models"]:
            if "meta" in model:
                self.set_meta(model, model.pop("meta"))
        file.write_text(yaml.safe_dump(content))


def make_home(folder: Path, environment: Path) -> Path:
    """Make a home folder with the driver that is installed in a Python environment."""
    (library,) = environment.glob("lib/python*/site-packages/adbc_driver_postgresql/*.so")
    driver = folder / DRIVER
    driver.parent.mkdir(parents=True)
    driver.symlink_to(library)
    return folder
