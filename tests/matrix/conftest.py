# SPDX-License-Identifier: Apache-2.0
"""Each test here runs with each dbt of packaging/matrix.txt that it is meant for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.matrix.entry import Entry, read_entries
from tests.support.mariadb import MariadbServer
from tests.support.mariadb_project import MariadbProject
from tests.support.postgres import PostgresServer
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project
from tests.support.server_project import ServerProject

DUCKDB_PROFILE = """
jaffle_shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: shop.duckdb
      schema: shop
"""
# Materialized as tables, and scripts that are no models.
CHAINS = """
name: chains
profile: jaffle_shop
models: {chains: {+materialized: table}}
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `entry` each version and adapter that the test's marks let through."""
    if "entry" not in metafunc.fixturenames:
        return
    marks = {mark.name: mark for mark in metafunc.definition.iter_markers()}
    oldest = marks["since"].args if "since" in marks else ()
    adapters = marks["adapters"].args if "adapters" in marks else None
    metafunc.parametrize(
        "entry",
        [
            pytest.param(entry, marks=[] if entry.is_core else pytest.mark.matrix)
            for entry in read_entries()
            if entry.version >= oldest and (adapters is None or entry.adapter in adapters)
        ],
        ids=lambda entry: entry.name,
    )


@pytest.fixture
def move(
    entry: Entry, request: pytest.FixtureRequest
) -> Iterator[Callable[[Project], Project]]:
    """Let a project run with the entry's dbt on a warehouse of its adapter."""
    if not entry.program.exists():
        pytest.skip(f"dbt {entry.name} is not installed; run packaging/test --matrix")
    left: list[Callable[[], object]] = []

    def move_there(project: Project) -> Project:
        if entry.adapter == "postgres":
            postgres: PostgresServer = request.getfixturevalue("postgres")
            left.append(lambda: postgres.run("drop schema if exists shop cascade"))
            project = ServerProject.moved(postgres, project.folder)
        elif entry.adapter == "mysql":
            mariadb: MariadbServer = request.getfixturevalue("mariadb")
            left.append(lambda: mariadb.run("drop schema shop; create schema shop"))
            project = MariadbProject.moved(mariadb, project.folder)
        elif entry.adapter == "duckdb":
            project.write("profiles.yml", DUCKDB_PROFILE)
        project.program = entry.program
        return project

    yield move_there
    for drop in left:
        drop()


@pytest.fixture
def shop(move: Callable[[Project], Project], tmp_path: Path) -> Project:
    """The example project."""
    return move(Project.jaffle_shop(tmp_path / "shop"))


@pytest.fixture
def chains(move: Callable[[Project], Project], tmp_path: Path) -> Project:
    """A project without models, of which the test makes short chains."""
    project = Project(tmp_path / "chains")
    project.write("dbt_project.yml", CHAINS)
    project.write("models/schema.yml", "models: []")
    project.write("profiles.yml", (JAFFLE_SHOP / "profiles.yml").read_text())
    return move(project)
