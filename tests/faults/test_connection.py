# SPDX-License-Identifier: Apache-2.0
"""Connections that break between two calls or within one."""

from __future__ import annotations

import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pyarrow as pa
import pytest
from aft.errors import WarehouseError
from aft.profile import Target
from aft.project import Relation
from aft.warehouse import Warehouse

from tests.support.postgres import PostgresServer
from tests.support.processes import wait_until

TABLE = Relation(None, "broken", "t")
OLD, NEW = [{"a": 42}], [{"a": number} for number in range(1000)]


class Proxy:
    """Passes bytes on to a server until it resets the connections."""

    def __init__(self, port: int) -> None:
        self._upstream = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.passed = 0  # bytes to the server
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """End all connections with RST, as a firewall does that has forgotten them."""
        for client in self._clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.shutdown(socket.SHUT_RD)
            client.close()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._upstream)
            self._clients.append(client)
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # Reset.
            while chunk := source.recv(65536):
                sink.sendall(chunk)
                if source in self._clients:
                    self.passed += len(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


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
def connect(server: PostgresServer) -> Iterator[Callable[[int], Warehouse]]:
    """A script's way to the server, by a port."""
    opened: list[Warehouse] = []

    def open_at(port: int) -> Warehouse:
        string = server.connection_string.replace(str(server.port), str(port))
        target = Target("p", "t", 1, "postgres", None, "broken", {}, string)
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


def when(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Act in another thread once ``condition`` holds."""

    def wait_and_act() -> None:
        wait_until(condition, "the moment has come")
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_a_server_that_restarts_between_reading_and_writing(
    server: PostgresServer, connect: Callable[[int], Warehouse]
) -> None:
    warehouse = connect(server.port)
    assert warehouse.read_table(TABLE).to_pylist() == OLD

    server.stop(signal.SIGQUIT)
    server.start()
    error = try_to_write(warehouse)

    check_whole(server, error)
    assert try_to_write(connect(server.port)) is None
    check_whole(server, None)


def test_a_connection_that_is_reset_while_it_is_read(
    server: PostgresServer, connect: Callable[[int], Warehouse]
) -> None:
    proxy = Proxy(server.port)
    sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
    reset = when(lambda: server.run(sleeping) == "1", proxy.reset)

    with pytest.raises(WarehouseError, match=r"cannot run the query: SQL.*: 08"):
        connect(proxy.port).read_table("pg_sleep(1000)")

    reset.join()
    proxy.close()
    assert rows(server) == OLD


def test_a_connection_that_is_reset_while_it_is_written(
    server: PostgresServer, connect: Callable[[int], Warehouse]
) -> None:
    proxy = Proxy(server.port)
    reset = when(lambda: proxy.passed > 20_000, proxy.reset)

    error = try_to_write(connect(proxy.port))

    reset.join()
    proxy.close()
    check_whole(server, error)
    assert try_to_write(connect(server.port)) is None
    check_whole(server, None)
