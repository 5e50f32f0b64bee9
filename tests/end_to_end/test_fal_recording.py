# SPDX-License-Identifier: Apache-2.0
"""aft runs a project for fal as dbt-fal ran it: in the same order, with the same tables."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.support.fal_recording import FAL_SHOP, RECORDING, project_on, record, rows_on
from tests.support.postgres import PostgresServer
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project


def on_postgres(server: PostgresServer, folder: Path) -> list[dict[str, Any]]:
    """What aft does on the server."""
    project = project_on(server, folder)
    return record(project, project.aft, rows_on(server))


def on_sqlite(folder: Path) -> list[dict[str, Any]]:
    """What aft does on SQLite."""
    shutil.copytree(FAL_SHOP, folder)
    shutil.copy(JAFFLE_SHOP / "profiles.yml", folder)
    project = Project(folder)

    def rows(table: str) -> list[dict[str, Any]]:
        with sqlite3.connect(folder / "jaffle_shop.db") as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"select * from {table}")]

    return record(project, project.aft, rows)


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_a_project_runs_as_under_fal(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    recorded = json.loads(RECORDING.read_text())

    if database == "sqlite":
        steps = on_sqlite(tmp_path / "shop")
    else:
        steps = on_postgres(request.getfixturevalue("postgres"), tmp_path / "shop")

    assert steps == recorded
