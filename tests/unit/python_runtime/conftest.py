# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cgroups import can_use_groups
from tests.support.programs import BUILD, DBT, PACKAGES
from tests.unit.python_runtime import place, shop
from tests.unit.python_runtime.worker import Ended, Worker


@pytest.fixture(scope="session")
def launcher() -> Path:
    return BUILD / "lib" / "aft" / "aft-python"


@pytest.fixture(scope="session")
def gate_folder() -> Path:
    return PACKAGES / "gate"


@pytest.fixture(scope="session")
def dbt() -> Path:
    return DBT


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory, dbt: Path) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    shop.build(folder, dbt)
    return folder


@pytest.fixture
def project(built_project: Path, tmp_path: Path) -> Path:
    """A dbt project of its own for each test, in a folder with a space in its name."""
    folder = tmp_path / "the shop"
    shutil.copytree(built_project, folder)
    return folder


@pytest.fixture
def new_worker(launcher: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker host: new_worker(python=…, environment=…, cwd=…, wrapper=…)."""
    workers: list[Worker] = []

    def start(**options: Any) -> Worker:
        python = options.pop("python", Path(sys.executable))
        workers.append(Worker(launcher, python, **options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


@pytest.fixture
def ready_worker(new_worker: Callable[..., Worker], project: Path) -> Callable[..., Worker]:
    """Start a worker host as new_worker() does, and get it ready for scripts.

    ready_worker(project=…) is for another project folder.
    """

    def start(project: Path = project, **options: Any) -> Worker:
        made = new_worker(**options)
        assert "prepared" in made.prepare(project)
        assert "warm" in made.receive()
        made.use_manifest(project / "target" / "manifest.json")
        return made

    return start


@pytest.fixture
def worker(ready_worker: Callable[..., Worker]) -> Worker:
    """A worker host that is ready for the project's scripts."""
    return ready_worker()


@pytest.fixture
def without_groups() -> list[str]:
    """What starts a worker host where it finds no control groups to use."""
    if not can_use_groups():
        return []
    if os.geteuid() != 0:
        pytest.skip("only root can hide the control groups of this machine")
    hide = 'umount --all --types cgroup2 && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", hide, "sh"]


@pytest.fixture
def run(worker: Worker, project: Path) -> Callable[..., Ended]:
    """Run a script's text, bound to the ephemeral model `scored` or to ``node``."""

    def run_text(text: str, node: str = "model.shop.scored", **more: Any) -> Ended:
        shop.write_files(project, {"models/score.py": text})
        return worker.run(project / "models" / "score.py", node, **more)

    return run_text


@pytest.fixture(params=place.NAMES, scope="module", name="place")
def _place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[place.Place]:
    """Each database in turn, with the tables `orders` and `many`."""
    if request.param == "sqlite":
        yield from place.sqlite_place(tmp_path_factory.mktemp("tables"))
    else:
        server = request.getfixturevalue(request.param)
        yield from place.server_place(request.param, server)
