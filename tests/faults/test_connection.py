# SPDX-License-Identifier: Apache-2.0
"""Connections that break between two calls or within one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from aft.errors import WarehouseError
from aft.manifest import Relation
from aft.profile import Target
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer
from tests.support.processes import act_when, wait_until
from tests.support.proxy import Proxy

TABLE = Relation(None, "broken", "t")
OLD, NEW = [{"a": 42}], [{"a": number} for number in range(30_000)]


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create schema broken; create table broken.t (a bigint)")
    postgres.run("insert into broken.t values (42)")
    yield postgres
    # A query that sleeps does not notice that its client is gone.
    postgres.run(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    postgres.run("drop schema broken cascade")


@pytest.fixture
def connect(server: PostgresServer) -> Iterator[Callable[..., Warehouse]]:
    """A script's way to the server, by a port."""
    opened: list[Warehouse] = []

    def open_at(port: int, setting: str = "") -> Warehouse:
        string = server.connection_string.replace(str(server.port), str(port))
        target = Target("p", "t", 1, "postgres", None, "broken", {}, f"{string};{setting}")
        opened.append(Warehouse(target))
        return opened[-1]

    yield open_at
    for each in opened:
        each.close()


def rows(server: PostgresServer) -> list[dict[str, int]]:
    text = server.run("select a from broken.t order by a")
    return [{"a": int(line)} for line in text.splitlines()]


def try_to_write(warehouse: Warehouse) -> WarehouseError | None:
    try:
        warehouse.write(pa.Table.from_pylist(NEW), TABLE, "overwrite", {})
    except WarehouseError as error:
        return error
    return None


def check_whole(server: PostgresServer, error: WarehouseError | None) -> None:
    """The table is the old one after an error, else the new one, and nothing is left."""
    assert rows(server) == (OLD if error else NEW), error
    tables = "select count(*) from pg_tables where schemaname = 'broken'"
    wait_until(lambda: server.run(tables) == "1", "the staging table is gone")


def test_a_server_that_restarts_between_reading_and_writing(
    server: PostgresServer, connect: Callable[..., Warehouse]
) -> None:
    warehouse = connect(server.port)
    assert warehouse.read_table(TABLE).to_pylist() == OLD

    server.stop(signal.SIGQUIT)
    server.start()
    error = try_to_write(warehouse)

    check_whole(server, error)
    assert try_to_write(connect(server.port)) is None
    check_whole(server, None)


def test_a_connection_that_the_server_ends_while_it_is_idle(
    server: PostgresServer, connect: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aft.connection_pool.IDLE", 0)
    warehouse = connect(server.port, "ConnSettings=set idle_session_timeout to 100")
    assert warehouse.read_table(TABLE).to_pylist() == OLD
    sessions = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
    wait_until(lambda: server.run(sessions) == "1", "the server has ended the session")

    error = try_to_write(warehouse)

    assert error is None
    check_whole(server, None)
    assert warehouse.meter.rows_written == len(NEW)


def test_a_connection_that_is_reset_while_it_is_read(
    server: PostgresServer, connect: Callable[..., Warehouse]
) -> None:
    proxy = Proxy(server.port)
    sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    reset = act_when(lambda: server.run(sleeping) == "1", proxy.reset)

    with pytest.raises(WarehouseError, match=r"cannot run the query: SQL.*: 08"):
        connect(proxy.port).read_table("pg_sleep(1000)")

    reset.join()
    proxy.close()
    assert rows(server) == OLD


def test_a_connection_that_is_reset_while_it_is_written(
    server: PostgresServer, connect: Callable[..., Warehouse]
) -> None:
    proxy = Proxy(server.port)
    reset = act_when(lambda: proxy.passed > 200_000, proxy.reset)

    error = try_to_write(connect(proxy.port))

    reset.join()
    proxy.close()
    check_whole(server, error)
    assert try_to_write(connect(server.port)) is None
    check_whole(server, None)
