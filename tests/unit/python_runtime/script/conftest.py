# SPDX-License-Identifier: Apache-2.0
"""One worker host runs the scripts of a module, one after the other."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.python_runtime.worker import Worker


@pytest.fixture(scope="module")
def shared(
    launcher: Path, built_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Worker, Path]]:
    """One worker host for all tests here, and the folder of its project."""
    folder = tmp_path_factory.mktemp("scripts") / "the shop"
    shutil.copytree(built_project, folder)
    worker = Worker(launcher, Path(sys.executable))
    assert "prepared" in worker.prepare(folder)
    assert "warm" in worker.receive()
    worker.use_manifest(folder / "target" / "manifest.json")
    yield worker, folder
    worker.close()


@pytest.fixture
def worker(shared: tuple[Worker, Path]) -> Worker:
    return shared[0]


@pytest.fixture
def project(shared: tuple[Worker, Path], built_project: Path) -> Path:
    """The shared project, with the tables as dbt made them."""
    shutil.copy(built_project / "shop.db", shared[1])
    return shared[1]
