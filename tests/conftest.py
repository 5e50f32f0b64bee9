# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.support import mariadb, postgres
from tests.support.mariadb import MariadbServer
from tests.support.postgres import PostgresServer


def pytest_configure() -> None:
    """Let SIGINT interrupt the processes that tests start.

    A shell starts what runs in the background with SIGINT ignored, and children inherit
    that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", name="postgres")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    with postgres.running_server() as server:
        yield server


@pytest.fixture(scope="session", name="mariadb")
def mariadb_server() -> Iterator[MariadbServer]:
    """A MariaDB server of this test run's own."""
    with mariadb.running_server() as server:
        yield server
