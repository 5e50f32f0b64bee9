# SPDX-License-Identifier: Apache-2.0
"""Faults hit the projects of the end-to-end tests, on a server where one matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import project, seeded, short_folder
from tests.end_to_end.project import Project
from tests.faults.server_project import ServerProject
from tests.support import databases
from tests.support.databases import Database
from tests.support.postgres import PostgresServer

__all__ = ["project", "seeded", "short_folder"]


@pytest.fixture(params=databases.NAMES)
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the databases in turn."""
    server = request.getfixturevalue(request.param.removeprefix("unknown-"))
    return databases.database(request.param, server)


@pytest.fixture
def server_project(project: Project, postgres: PostgresServer) -> Iterator[ServerProject]:
    """The example project on PostgreSQL, with its tables built."""
    made = ServerProject.on(postgres, project.folder)
    yield made
    postgres.run("drop schema shop cascade")
