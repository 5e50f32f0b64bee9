# SPDX-License-Identifier: Apache-2.0
"""Each test here runs with each dbt of packaging/matrix.txt that it is meant for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.matrix.entry import Entry, read_entries
from tests.support.dbt2_project import Dbt2Project, make_home
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
    newer = marks["before"].args if "before" in marks else (math.inf,)
    adapters = marks["adapters"].args if "adapters" in marks else None
    metafunc.parametrize(
        "entry",
        [
            pytest.param(entry, marks=[] if entry.is_core else pytest.mark.matrix)
            for entry in read_entries()
            if oldest <= entry.version < newer
            and (adapters is None or entry.adapter in adapters)
        ],
        ids=lambda entry: entry.name,
    )


@pytest.fixture(scope="session")
def home_of_dbt2(dbt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder in which dbt 2 finds its driver."""
    return make_home(tmp_path_factory.mktemp("home"), dbt2)


@pytest.fixture
def move(
    entry: Entry, request: pytest.FixtureRequest
) -> Iterator[Callable[[Project], Project]]:
    """Let a project run with the entry's dbt on a warehouse of its adapter."""
    if not entry.program.exists():
        pytest.skip(f"dbt {entry.name} is not installed; run packaging/test --matrix")
    left: list[Callable[[], object]] = []

    def move_there(project: Project) -> Project:
        if entry.version >= (2,):
            postgres18: PostgresServer = request.getfixturevalue("postgres18")
            left.append(lambda: postgres18.run("drop schema if exists shop cascade"))
            home: Path = request.getfixturevalue("home_of_dbt2")
            project = Dbt2Project.in_home(home, postgres18, project.folder)
        elif entry.adapter == "postgres":
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
