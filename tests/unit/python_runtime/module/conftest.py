# SPDX-License-Identifier: Apache-2.0
"""A SQLite file of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from aft import _aft

from tests.unit.python_runtime.module.sqlite import connection_string


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def connection(path: Path) -> _aft.Connection:
    return _aft.Connection(connection_string(path))
