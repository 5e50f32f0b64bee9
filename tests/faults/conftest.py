# SPDX-License-Identifier: Apache-2.0
"""Faults hit the example project, on a server where one matters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aft.warehouse import Warehouse

from tests.support import databases
from tests.support.databases import Database
from tests.support.place import Place, in_sqlite, on_server
from tests.support.postgres import DATABASE, PostgresServer
from tests.support.project import Project
from tests.support.server_project import ServerProject

# A database that new ones are copied from.
BUILT = "built"


# With packaging/test --matrix also a newer PostgreSQL.
NAMES = (*databases.NAMES, pytest.param("postgres18", marks=pytest.mark.matrix))


def database_of(name: str, request: pytest.FixtureRequest) -> Database:
    """The database of that name on its server, which is started if need be."""
    server = request.getfixturevalue(name.removeprefix("unknown-"))
    return databases.database("postgres" if name == "postgres18" else name, server)


@pytest.fixture(params=NAMES)
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the databases in turn."""
    return database_of(request.param, request)


@pytest.fixture
def warehouse(database: Database) -> Iterator[Warehouse]:
    """A script's way to the database, where the schema `edges` is empty."""
    database.make_schema("edges")
    made = Warehouse(database.target("edges"))
    yield made
    made.close()
    database.drop_schema("edges")


@pytest.fixture(params=["sqlite", *NAMES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A table of the test's own on each of the databases in turn."""
    if request.param == "sqlite":
        yield in_sqlite(tmp_path / "test.db")
        return
    with on_server(database_of(request.param, request), "merges") as made:
        yield made


def copy_database(server: PostgresServer, source: str, copy: str) -> None:
    """Put a copy of one database in the place of another; nobody may be using them."""
    server.run(f"drop database if exists {copy} with (force)", "postgres")
    server.run(f"create database {copy} template {source}", "postgres")


@pytest.fixture(scope="session")
def built_on_server(
    seeded: Path, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The example project on PostgreSQL, its tables in a database of their own."""
    copy = Project.copy(seeded, tmp_path_factory.mktemp("server") / "project")
    made = ServerProject.on(postgres, copy.folder)
    made.end_sessions()
    copy_database(postgres, DATABASE, BUILT)
    return made.folder


@pytest.fixture
def server_project(
    built_on_server: Path, postgres: PostgresServer, tmp_path: Path
) -> Iterator[ServerProject]:
    """The example project on PostgreSQL, with its tables built."""
    copy_database(postgres, BUILT, DATABASE)
    made = ServerProject(Project.copy(built_on_server, tmp_path / "mein schöner laden").folder)
    made.server = postgres
    yield made
    postgres.run("drop schema shop cascade")
