# SPDX-License-Identifier: Apache-2.0
"""A server that is slow, goes away or says no."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.example import LTV, SCRIPT
from tests.support.processes import PATIENCE, wait_until
from tests.support.programs import AFT, DBT, JAFFLE_SHOP
from tests.support.project import plain
from tests.support.server_project import ServerProject

TARGET = "shop.customers_predicted_ltvs"
ORIGINAL = (JAFFLE_SHOP / SCRIPT).read_text()

# A view that keeps whoever reads it waiting.
SLOW_VIEW = "{{ config(materialized='view') }} select pg_sleep(1000)::text as slept"
READS_SLOWLY = "print('reading', flush=True)\nref('slow')\n"
WRITES = "print('writing', flush=True)\n" + ORIGINAL


# Connects as a script does, to another port.
SILENT = """
import dataclasses
from aft import current
warehouse = current.session().warehouse
target = warehouse._target
credentials = {**target.credentials, "port": os.environ["SILENT_PORT"], "connect_timeout": 2}
warehouse._target = dataclasses.replace(target, credentials=credentials)
ref("orders")
"""


class Started:
    """A run of aft in the background."""

    def __init__(self, project: ServerProject, output: Path) -> None:
        self._output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [str(AFT), "dbt", "run", "--aft-dbt", str(DBT)],
                cwd=project.folder,
                env=project.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        return plain(self._output.read_text())

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.text() or self.process.poll() is not None, text)
        assert text in self.text(), self.text()


@pytest.fixture
def start(server_project: ServerProject, tmp_path: Path) -> Iterator[Callable[[], Started]]:
    started: list[Started] = []

    def begin() -> Started:
        started.append(Started(server_project, tmp_path / f"output{len(started)}"))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def lock(server_project: ServerProject) -> Iterator[None]:
    """Another session that holds the target table."""
    sql = f"begin; lock table {TARGET}; select pg_sleep(1000)"
    holder = subprocess.Popen(
        ["psql", "-X", "-q", server_project.server.uri, "-c", sql], stderr=subprocess.DEVNULL
    )
    held = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted"
    wait_until(lambda: server_project.rows(held) != ["0"], "the table is locked")
    yield
    server_project.end_sessions()
    holder.wait(PATIENCE)


def target(project: ServerProject) -> list[str]:
    return project.rows(f"select * from {TARGET} order by customer_id")


def read_slowly(project: ServerProject) -> None:
    """Let the script read a view that keeps it waiting."""
    project.write("models/slow.sql", SLOW_VIEW)
    project.write(SCRIPT, READS_SLOWLY)
    model = project.folder / "models" / f"{LTV}.sql"
    model.write_text(model.read_text() + "-- depends_on: {{ ref('slow') }}\n")


def is_reading(project: ServerProject) -> bool:
    """Whether a script reads the slow view."""
    return any('"slow"' in query for query in project.sessions())


def check_undone(project: ServerProject, before: list[str]) -> None:
    """Nothing of a failed script is left on the server, and a plain run mends all."""
    wait_until(lambda: project.sessions() == [], f"the server is idle: {project.sessions()}")
    project.check_results()
    assert target(project) == before
    assert not [name for name in project.tables() if name.startswith("aft")]
    project.write(SCRIPT, ORIGINAL)
    run = project.aft("dbt", "run")
    assert run.exit_code == 0, run.output
    assert target(project) == before


def test_the_example_runs_on_postgresql(server_project: ServerProject) -> None:
    rows = server_project.rows("select count(*), count(predicted_ltv) from shop.fct_customers")

    assert rows == ["100|100"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_query_on_the_server(
    server_project: ServerProject, start: Callable[[], Started], number: signal.Signals
) -> None:
    before = target(server_project)
    read_slowly(server_project)
    run = start()
    run.wait_for(f"{SCRIPT} | reading")
    wait_until(lambda: is_reading(server_project), "the server is busy")

    began = time.monotonic()
    run.process.send_signal(number)
    assert run.process.wait(PATIENCE) != 0
    # It was cancelled and not killed.
    assert time.monotonic() - began < 4

    (entry,) = server_project.results()
    assert entry["message"] == "interrupted"
    check_undone(server_project, before)


def test_a_timeout_stops_a_query_on_the_server(server_project: ServerProject) -> None:
    before = target(server_project)
    read_slowly(server_project)
    server_project.bind("customers_predicted_ltvs", [{"path": SCRIPT, "timeout": "1s"}])

    run = server_project.aft("dbt", "run")

    assert run.exit_code == 1
    (entry,) = server_project.results()
    assert entry["message"] == f"timed out after 1s ({SCRIPT}:2)"
    check_undone(server_project, before)


@pytest.mark.usefixtures("lock")
def test_a_signal_stops_a_write_that_waits_for_a_lock(
    server_project: ServerProject, start: Callable[[], Started]
) -> None:
    server_project.write(SCRIPT, WRITES)
    run = start()
    run.wait_for(f"{SCRIPT} | writing")
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    wait_until(lambda: server_project.rows(waiting) != ["0"], "the write waits")

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(PATIENCE) != 0

    assert server_project.rows(waiting) == ["0"]
    server_project.end_sessions()
    check_undone(server_project, target(server_project))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_goes_away_while_it_is_read(
    server_project: ServerProject, start: Callable[[], Started], number: signal.Signals
) -> None:
    before = target(server_project)
    read_slowly(server_project)
    run = start()
    run.wait_for(f"{SCRIPT} | reading")
    wait_until(lambda: is_reading(server_project), "the server is busy")

    server_project.server.stop(number)
    try:
        # dbt's own cleaning up fails as well, with an exit code of its own.
        assert run.process.wait(PATIENCE) != 0
    finally:
        server_project.server.start()

    (entry,) = server_project.results()
    assert "aft.WarehouseError: cannot run the query: SQL" in entry["message"]
    check_undone(server_project, before)


def test_a_server_that_goes_away_while_it_is_written(
    server_project: ServerProject, start: Callable[[], Started]
) -> None:
    before = target(server_project)
    server_project.write(
        SCRIPT,
        """
import time
import pandas as pd
def frames():
    yield pd.DataFrame({"customer_id": range(1000)})
    print("written", flush=True)
    while not __import__("os").path.exists("go on"): time.sleep(0.01)
    yield pd.DataFrame({"customer_id": range(1000)})
write_to_model(frames())
""",
    )
    run = start()
    run.wait_for(f"{SCRIPT} | written")

    server_project.server.stop(signal.SIGQUIT)
    try:
        server_project.write("go on", "")
        # dbt's own cleaning up fails as well, with an exit code of its own.
        assert run.process.wait(PATIENCE) != 0
    finally:
        server_project.server.start()

    (entry,) = server_project.results()
    assert f"cannot write '{TARGET}': SQL" in entry["message"]
    check_undone(server_project, before)


# A sequence is not rolled back, so that it counts the tries.
FAILING = f"""
create sequence shop.tries;
create function shop.fail() returns trigger language plpgsql as $$
begin
  if nextval('shop.tries') <= {{times}} then
    raise exception 'could not serialize' using errcode = '{{state}}';
  end if;
  return null;
end $$;
create trigger fails before insert on {TARGET} for each statement execute function shop.fail();
"""
APPENDS = """
import pandas as pd
write_to_model(pd.DataFrame({"customer_id": [1000]}), mode="append")
"""


@pytest.mark.parametrize("state", ["40001", "40P01", "42701"])
def test_what_the_server_has_rolled_back_is_repeated(
    server_project: ServerProject, state: str
) -> None:
    server_project.rows(FAILING.format(times=2, state=state))
    server_project.write(SCRIPT, APPENDS)

    run = server_project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert server_project.rows(f"select count(*) from {TARGET}") == ["101"]
    assert server_project.rows("select last_value from shop.tries") == ["3"]


SLOW_COMMIT = f"""
create function shop.wait() returns trigger language plpgsql as $$
begin
  perform pg_sleep(5);
  return null;
end $$;
create constraint trigger waits after insert on {TARGET} deferrable initially deferred
for each row execute function shop.wait();
"""


def test_an_append_whose_timeout_comes_while_it_commits_is_not_repeated(
    server_project: ServerProject,
) -> None:
    server_project.rows(SLOW_COMMIT)
    server_project.write(SCRIPT, APPENDS)
    script = {"path": SCRIPT, "timeout": "3s", "retries": 1}
    server_project.bind("customers_predicted_ltvs", [script])

    run = server_project.aft("dbt", "run")

    assert run.exit_code == 1
    assert "timed out after 3s" in run.output
    assert "not tried again because it may have appended rows" in run.output
    assert server_project.rows(f"select count(*) from {TARGET}") == ["101"]


def test_what_the_server_always_rolls_back_fails_in_the_end(
    server_project: ServerProject,
) -> None:
    server_project.rows(FAILING.format(times=1000, state="40001"))
    server_project.write(SCRIPT, APPENDS)

    run = server_project.aft("dbt", "run")

    assert run.exit_code == 1
    assert "40001" in run.output
    assert "so it did in each of 5 tries" in run.output
    assert server_project.rows(f"select count(*) from {TARGET}") == ["100"]


def test_views_on_the_target_see_the_new_rows(server_project: ServerProject) -> None:
    server_project.rows(f"create view shop.mine as select customer_id from {TARGET}")

    run = server_project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    counts = f"select (select count(*) from shop.mine), (select count(*) from {TARGET})"
    assert server_project.rows(counts) == ["100|100"]
    server_project.rows("drop view shop.mine")


def test_a_server_that_never_answers_is_not_waited_for(
    server_project: ServerProject,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        server_project.write(
            SCRIPT, f"import os\nos.environ['SILENT_PORT'] = '{port}'\n" + SILENT
        )

        run = server_project.aft("dbt", "run")

    assert run.exit_code == 1
    (entry,) = server_project.results()
    assert "cannot connect to the warehouse: SQLDriverConnect: 08001" in entry["message"]
    assert "timeout expired" in entry["message"]


def test_a_password_is_in_no_processs_arguments(
    server_project: ServerProject, start: Callable[[], Started]
) -> None:
    password = server_project.environment["POSTGRES_PASSWORD"].encode()
    read_slowly(server_project)
    run = start()
    run.wait_for(f"{SCRIPT} | reading")

    found = [
        process
        for process in Path("/proc").glob("[0-9]*/cmdline")
        if password in read_quietly(process)
    ]

    assert found == []


def read_quietly(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # The process has ended.
        return b""


def test_an_error_of_the_driver_does_not_tell_the_password(
    server_project: ServerProject,
) -> None:
    password = server_project.environment["POSTGRES_PASSWORD"]
    server_project.write(SCRIPT, f"raise ValueError({password!r})\n")

    run = server_project.aft("dbt", "run")

    assert "ValueError: *****" in run.output
    assert password not in run.output
