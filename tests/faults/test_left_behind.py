# SPDX-License-Identifier: Apache-2.0
"""What is left of a run: the files that docs/files.md lists, and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.example import LTV
from tests.support.mariadb import MariadbServer
from tests.support.processes import PATIENCE, processes_with, wait_until
from tests.support.programs import AFT
from tests.support.project import STAGED, Project
from tests.support.server_project import ServerProject
from tests.support.surroundings import Surroundings, why_not_kept_apart

WRITE = """
import helper
with open(f"groups/{context.current_model.name}", "w") as file:
    file.write(open("/proc/self/cgroup").read())
write_to_model(ref("customers"))
"""
# What other processes share stands in /dev/shm: Python removes it when they are gone.
SHARES = """
import multiprocessing, time
from multiprocessing.shared_memory import SharedMemory
shared = SharedMemory(create=True, size=1000)
spawned = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(1000,))
spawned.daemon = True
spawned.start()
lock = multiprocessing.get_context("spawn").Lock()
has_shared = multiprocessing.Event()
def fork():
    SharedMemory(create=True, size=1000)
    has_shared.set()
    time.sleep(1000)
forked = multiprocessing.Process(target=fork, daemon=True)
forked.start()
has_shared.wait()
"""
# Ends while its rows are on their way.
DIES = """
import os, signal
def rows():
    yield ref("customers")
    os.kill(os.getpid(), signal.SIGKILL)
write_to_model(rows())
"""
STARTS = """
import multiprocessing, subprocess
with multiprocessing.Pool(2) as pool:
    assert pool.map(abs, [-1, -2]) == [1, 2]
subprocess.Popen(["sleep", "1000"], start_new_session=True)
"""
SHELL = f"""#!/bin/sh
set -e
'{AFT}' read customers --format csv | '{AFT}' write "$AFT_NODE"
"""
R = """
customers <- read.csv(pipe("aft read customers"))
out <- pipe(paste("aft write", Sys.getenv("AFT_NODE")), "w")
write.csv(customers["customer_id"], out, row.names = FALSE)
stopifnot(close(out) == 0)
"""
GOOD = {"writes.py": WRITE, "starts.py": STARTS + SHARES, "calls.sh": SHELL}
if shutil.which("Rscript"):
    GOOD["scores.R"] = R
RUN = ("dbt", "run", "--exclude", f"{LTV}+")
BAD = {
    "raises.py": WRITE + "raise ValueError\n",
    "dies.py": SHARES + DIES,
    "hangs.py": WRITE + SHARES + "time.sleep(1000)\n",
}


def prepare(project: Project) -> Surroundings:
    """Give the example project a script for each way to end, each with its own model."""
    sql = "{{ config(materialized='ephemeral') }} select * from {{ ref('customers') }}"
    for name, text in (GOOD | BAD).items():
        model = Path(name).stem
        project.write(f"models/{model}.sql", sql)
        project.write(f"scripts/{name}", text).chmod(0o755)
        limit = {"timeout": "1s"} if model == "hangs" else {}
        project.bind(model, [{"path": f"scripts/{name}", **limit}])
        project.write(f"groups/{model}", "")
    project.write("scripts/helper.py", "")
    return Surroundings(project)


def check(surroundings: Surroundings) -> None:
    """What holds after a run whose scripts ended as they should, bad ones too."""
    expected = dict.fromkeys((f"scripts/{name}" for name in GOOD), "success")
    expected |= dict.fromkeys((f"scripts/{name}" for name in BAD), "error")
    found = surroundings.project.script_statuses()
    assert found == expected
    assert_nothing_left(surroundings)


def assert_nothing_left(surroundings: Surroundings) -> None:
    assert surroundings.undocumented() == []
    assert processes_with(surroundings.folder / "tmp") == []
    for file in (surroundings.project.folder / "groups").iterdir():
        for line in file.read_text().splitlines():
            place = line.split(":", 2)[2]
            assert "aft-" not in place or not list(Path("/sys/fs/cgroup").glob(f"*{place}"))


@pytest.fixture
def surroundings(built: Path, short_folder: Path) -> Surroundings:
    """The example project on SQLite."""
    return prepare(Project.copy(built, short_folder / "project"))


def test_what_is_left_is_seen(surroundings: Surroundings) -> None:
    surroundings.run("touch", "../home/d")
    surroundings.run("rm", "scripts/writes.py")

    assert surroundings.undocumented() == ["home/d", "project/scripts/writes.py (deleted)"]


def test_what_is_left_in_shared_folders_is_seen(surroundings: Surroundings) -> None:
    if why := why_not_kept_apart():
        pytest.skip(why)
    surroundings.run("touch", "/tmp/a", "/dev/shm/b", "/var/tmp/c")

    assert surroundings.undocumented() == ["/dev/shm/b", "/tmp/a", "/var/tmp/c"]
    assert not Path("/dev/shm/b").exists()


def test_a_run_and_its_retry_leave_what_is_documented(surroundings: Surroundings) -> None:
    run = surroundings.aft(*RUN)

    assert run.exit_code == 1, run.output
    check(surroundings)
    for name in BAD:
        surroundings.project.write(f"scripts/{name}", WRITE)
    retry = surroundings.aft("dbt", "retry")
    assert retry.exit_code == 0, retry.output
    assert set(surroundings.project.script_statuses().values()) == {"success"}
    assert_nothing_left(surroundings)
    debug = surroundings.aft("debug")
    assert debug.exit_code == 0, debug.output
    assert_nothing_left(surroundings)


def test_a_run_in_stages_leaves_what_is_documented(surroundings: Surroundings) -> None:
    run = surroundings.aft(*RUN, *STAGED)

    assert run.exit_code == 1, run.output
    check(surroundings)


def test_a_run_on_postgres_leaves_what_is_documented(
    server_project: ServerProject, short_folder: Path
) -> None:
    project = ServerProject.copy(server_project.folder, short_folder / "project")
    project.server = server_project.server
    surroundings = prepare(project)

    run = surroundings.aft(*RUN, *STAGED)

    assert run.exit_code == 1, run.output
    check(surroundings)
    assert [name for name in project.tables() if name.startswith("aft")] == []
    sessions = "select query from pg_stat_activity where datname = current_database()"
    assert project.rows(f"{sessions} and pid <> pg_backend_pid()") == []


def test_a_run_on_mariadb_leaves_what_is_documented(
    surroundings: Surroundings, mariadb: MariadbServer
) -> None:
    """The driver is what matters; dbt itself stays on SQLite, and so do its quotes."""
    mariadb.run("create database main; create table main.customers select 1 as customer_id")
    try:
        connection = f"{mariadb.connection_string}INITSTMT={{set sql_mode=ansi_quotes}};"
        variables = {"AFT_ODBC_CONNECTION": connection}
        run = surroundings.aft(*RUN, **variables)

        assert run.exit_code == 1, run.output
        check(surroundings)
        tables = mariadb.run("show tables from main").split()
        assert [name for name in tables if name.startswith("aft")] == []
        sessions = mariadb.run("select command, info from information_schema.processlist")
        assert len(sessions.splitlines()) == 1
    finally:
        mariadb.run("drop database main")


@contextmanager
def hanging(surroundings: Surroundings) -> Iterator[subprocess.Popen[bytes]]:
    """A run whose script hangs; it has ended with the block."""
    begun = surroundings.project.write("groups/writes", "")
    surroundings.project.write("scripts/writes.py", SHARES + WRITE + "time.sleep(1000)\n")
    process = subprocess.Popen(
        surroundings.command("dbt", "run", "-s", "+writes"),
        cwd=surroundings.project.folder,
        env=surroundings.project.environment | surroundings.environment,
        start_new_session=True,
    )
    wait_until(lambda: begun.stat().st_size > 0, "the script runs")
    yield process
    process.wait(PATIENCE)


def test_an_interrupted_and_a_killed_run_leave_nothing(surroundings: Surroundings) -> None:
    with hanging(surroundings) as process:
        os.killpg(process.pid, signal.SIGINT)
    assert_nothing_left(surroundings)

    with hanging(surroundings) as process:
        os.kill(surroundings.aft_of(process), signal.SIGKILL)
    wait_until(lambda: not processes_with(surroundings.folder / "tmp"), "all have ended")
    # What nobody can remove at the kill, the next run does.
    surroundings.project.write("scripts/writes.py", WRITE)
    run = surroundings.aft("dbt", "run", "-s", "+writes")
    assert run.exit_code == 0, run.output
    assert_nothing_left(surroundings)
