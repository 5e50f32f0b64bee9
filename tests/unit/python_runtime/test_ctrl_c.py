# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in a program of the user's own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.support.databases import database
from tests.support.processes import PATIENCE, wait_until
from tests.support.programs import python_environment

SLEEP = {"postgres": "select pg_sleep(1000)", "mariadb": "select sleep(1000)"}
RUNNING = {
    "postgres": "select pid from pg_stat_activity where query like '%pg_sleep(1000)%' "
    "and pid <> pg_backend_pid()",
    "mariadb": "select id from information_schema.processlist where info like "
    "'%sleep(1000)%' and id <> connection_id()",
}
PROGRAM = """
import os, signal, sys
import aft

# As an event loop has it, for instance a notebook's.
woken, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
try:
    rows = aft.read_sql(sys.argv[1], sys.argv[2], frame=sys.argv[3])
except KeyboardInterrupt:
    print("interrupted", os.read(woken, 9)[0] == signal.SIGINT)
print(signal.set_wakeup_fd(-1) == wake)
"""

FORK = """
import os, signal, sys, threading
from aft import interruption

def fork():
    global child
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        signal.pause()

with interruption.cancelled_by_ctrl_c(None):
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
os.kill(child, signal.SIGKILL)
print("ended")
"""


def test_a_process_that_another_thread_forks_keeps_no_query_waiting() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", FORK],
        env=python_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        output, _ = program.communicate(timeout=PATIENCE)
    finally:
        program.kill()
        program.wait()

    assert output == "ended\n"


@pytest.mark.parametrize(
    ("name", "frame"), [("postgres", "pandas"), ("postgres", "batches"), ("mariadb", "arrow")]
)
def test_it_stops_the_query_on_the_server(
    request: pytest.FixtureRequest, name: str, frame: str
) -> None:
    place = database(name, request.getfixturevalue(name))
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, place.connection_string, SLEEP[name], frame],
        env=python_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: place.rows(RUNNING[name]), "the query runs")
        program.send_signal(signal.SIGINT)
        output, _ = program.communicate(timeout=PATIENCE)
    finally:
        program.kill()
        program.wait()

    assert output == "interrupted True\nTrue\n"
    wait_until(lambda: not place.rows(RUNNING[name]), "the query is over")
