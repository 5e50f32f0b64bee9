# SPDX-License-Identifier: Apache-2.0
"""The project whose scripts the soak makes: many ephemeral models, each with a script."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.soak.program import HELPER, NUMBERS, Program, Shape
from tests.support.postgres import DATABASE, PostgresServer
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project
from tests.support.server_project import ServerProject

TIMEOUT = "3s"
MEMORY = "1G"
# Of scripts that should not hang.
_LONGEST = "60s"
_PROJECT = f"""
name: soak
version: "1.0.0"
profile: jaffle_shop
models: {{+materialized: table}}
vars: {{aft: {{timeout: {_LONGEST}}}}}
"""
_NUMBERS = f"""
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {NUMBERS})
select n from numbers
"""
_EPHEMERAL = "{{ config(materialized='ephemeral') }} /* {{ ref('numbers') }} */ "


def child_of(model: str) -> str:
    """The model of dbt's that counts the rows which a script has written."""
    return f"rows_of_{model}"


class Shop:
    """The project on SQLite or on PostgreSQL, and what is in its tables."""

    def __init__(self, project: Project, shapes: list[Shape]) -> None:
        self.project = project
        self.shapes = shapes
        project.write("dbt_project.yml", _PROJECT)
        project.write("models/numbers.sql", _NUMBERS)
        project.write("scripts/soak_helper.py", HELPER)
        entries = []
        for shape in shapes:
            body = "select * from {{ this }}" if shape.is_placeholder else "select 1 as one"
            project.write(f"models/{shape.model}.sql", _EPHEMERAL + body)
            project.write(f"scripts/{shape.model}.py", "")
            script = {"path": f"scripts/{shape.model}.py"}
            if shape.has_timeout:
                script["timeout"] = TIMEOUT
            if shape.has_memory:
                script["memory"] = MEMORY
            entries.append({"name": shape.model, "meta": {"aft": {"scripts": [script]}}})
            if shape.is_placeholder:
                text = f"select count(*) as n from {{{{ ref('{shape.model}') }}}}"
                project.write(f"models/{child_of(shape.model)}.sql", text)
        project.write("models/schema.yml", json.dumps({"version": 2, "models": entries}))

    @property
    def models(self) -> list[str]:
        """The models that have scripts."""
        return [shape.model for shape in self.shapes]

    def write(self, program: Program) -> None:
        """Put a script in its place."""
        self.project.write(f"scripts/{program.model}.py", program.text)

    def query(self, sql: str) -> list[list[str]]:
        """The rows of a query, as text."""
        if isinstance(self.project, ServerProject):
            return [row.split("|") for row in self.project.rows(sql)]
        return [[str(value) for value in row] for row in self.project.query(sql)]

    def tables(self) -> set[str]:
        """The names of all tables and views."""
        if isinstance(self.project, ServerProject):
            return self.project.tables()
        return self.project.relations()

    def sessions(self) -> list[str]:
        """What others than the caller have open on the server."""
        if not isinstance(self.project, ServerProject):
            return []
        return self.project.rows(
            "select coalesce(nullif(query, ''), state) from pg_stat_activity "
            f"where datname = '{DATABASE}' and pid <> pg_backend_pid()"
        )

    @property
    def schema(self) -> str:
        """Where the tables are."""
        return "shop" if isinstance(self.project, ServerProject) else "main"


def shapes(plain: int, placeholders: int, hanging: int, limited: int) -> list[Shape]:
    """So many models of each kind."""
    made = [Shape(f"plain_{number}") for number in range(plain)]
    made += [Shape(f"shown_{number}", is_placeholder=True) for number in range(placeholders)]
    made += [Shape(f"limited_{number}", has_memory=True) for number in range(limited)]
    return made + [Shape(f"hangs_{number}", has_timeout=True) for number in range(hanging)]


def on_sqlite(folder: Path) -> Shop:
    """A shop on SQLite, which takes one writer at a time."""
    project = Project(folder)
    folder.mkdir()
    shutil.copy(JAFFLE_SHOP / "profiles.yml", folder)
    return Shop(project, shapes(plain=13, placeholders=5, hanging=1, limited=1))


def on_postgres(folder: Path, server: PostgresServer) -> Shop:
    """A shop on a server, with four threads."""
    folder.mkdir()
    project = ServerProject.moved(server, folder)
    return Shop(project, shapes(plain=20, placeholders=6, hanging=3, limited=2))
