# SPDX-License-Identifier: Apache-2.0
"""A network that breaks without a word: nobody answers, and nobody hangs up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from aft.errors import WarehouseError
from aft.manifest import Relation
from aft.profile import Target
from aft.warehouse import Warehouse

from tests.support import databases
from tests.support.databases import Database
from tests.support.processes import PATIENCE, act_when, wait_until
from tests.support.proxy import Proxy

TABLE = Relation(None, "quiet", "t")
SLEEP = {"postgres": "(select pg_sleep(1000)) s", "mariadb": "(select sleep(1000)) s"}
SESSIONS = {
    "postgres": "select pid from pg_stat_activity where datname = 'shop' "
    "and pid <> pg_backend_pid()",
    "mariadb": "select id from information_schema.processlist where db = 'shop' "
    "and id <> connection_id()",
}
END = {"postgres": "select pg_terminate_backend({})", "mariadb": "kill {}"}


@pytest.fixture(params=databases.DRIVERS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A server with a table of 20,000 rows."""
    made = databases.database(request.param, request.getfixturevalue(request.param))
    made.make_schema("quiet")
    made.run("create table quiet.t (a bigint)")
    rows = ", ".join(f"({number})" for number in range(20_000))
    made.run(f"insert into quiet.t values {rows}")
    yield made
    # The server has not noticed that its client is gone.
    for (session,) in (row.split("|") for row in made.rows(SESSIONS[made.server])):
        made.run(END[made.server].format(session))
    wait_until(lambda: not made.rows(SESSIONS[made.server]), "the sessions are over")
    assert made.rows("select count(*), sum(a) from quiet.t") == ["20000|199990000"]
    made.drop_schema("quiet")


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy]:
    made = Proxy(port_of(database))
    yield made
    made.close()


@pytest.fixture
def warehouse(
    database: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """A script's way to the server, by the proxy, with less patience than usual."""
    monkeypatch.setattr("aft.warehouse.LONGEST_SILENCE", 2)
    port = port_of(database)
    string = database.connection_string.replace(f"Port={port}", f"Port={proxy.port}")
    made = Warehouse(Target("p", "t", 1, database.server, None, "quiet", {}, string))
    yield made
    made.close()


def port_of(database: Database) -> int:
    _, _, rest = database.connection_string.partition("Port=")
    return int(rest.partition(";")[0])


def error_of(work: Callable[[], object]) -> WarehouseError:
    """The error that ``work`` ends with, in a thread that may wait too long."""
    errors: list[WarehouseError] = []

    def try_to() -> None:
        try:
            work()
        except WarehouseError as error:
            errors.append(error)

    thread = threading.Thread(target=try_to, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it waits for a server that is gone"
    (error,) = errors
    return error


def test_a_query_is_not_waited_for_any_longer(
    database: Database, proxy: Proxy, warehouse: Warehouse
) -> None:
    sleeping = SLEEP[database.server]
    is_running = "select 1 from pg_stat_activity where wait_event = 'PgSleep'"
    if database.server == "mariadb":
        is_running = "select 1 from information_schema.processlist where state = 'User sleep'"
    act_when(lambda: database.rows(is_running), proxy.fall_silent)

    error = error_of(lambda: warehouse.read_table(sleeping + " where 'quiet' <> ''"))

    assert str(error).startswith("cannot run the query: SQL")


def test_rows_are_not_waited_for_any_longer(proxy: Proxy, warehouse: Warehouse) -> None:
    proxy.fall_silent_after(returned=20_000)

    error = error_of(lambda: warehouse.read_table(TABLE))

    assert str(error).startswith("cannot run the query: SQL")


def test_a_write_is_not_waited_for_any_longer(proxy: Proxy, warehouse: Warehouse) -> None:
    proxy.fall_silent_after(passed=20_000)
    frame = pa.table({"a": range(100_000)})

    error = error_of(lambda: warehouse.write(frame, TABLE, "overwrite", {}))

    assert "quiet.t': SQL" in str(error)
    assert "cannot write '" in str(error)
