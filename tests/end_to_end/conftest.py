# SPDX-License-Identifier: Apache-2.0
"""Projects for the end-to-end tests: real dbt, real SQLite, the built aft."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.project import AFT, DBT, Project


def pytest_configure() -> None:
    """Say at once what is missing, rather than in every test."""
    for program in (AFT, DBT):
        if not program.exists():
            pytest.exit(f"'{program}' is missing; run packaging/test", returncode=2)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example project whose seeds are loaded; never changed after that."""
    project = Project.jaffle_shop(tmp_path_factory.mktemp("seeded") / "project")
    run = project.aft("dbt", "seed")
    assert run.exit_code == 0, run.output
    (project.folder / ".dbtignore").unlink()
    return project.folder


@pytest.fixture
def project(seeded: Path, tmp_path: Path) -> Project:
    """A project of the test's own, in a folder with a space and an umlaut in its name."""
    folder = tmp_path / "mein schöner laden"
    shutil.copytree(seeded, folder)
    return Project(folder)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets, as a TMPDIR of the test's own."""
    with tempfile.TemporaryDirectory(prefix="aft-test-") as folder:
        yield Path(folder)
