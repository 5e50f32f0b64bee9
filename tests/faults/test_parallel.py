# SPDX-License-Identifier: Apache-2.0
"""Scripts of independent nodes run side by side, up to dbt's threads, and two runs at once."""

from __future__ import annotations

import subprocess
from datetime import datetime

from tests.support.programs import AFT, DBT
from tests.support.server_project import ServerProject

MEETS = """
import os, time
open(f"here-{os.getpid()}", "w").close()
def present(): return len([name for name in os.listdir() if name.startswith("here-")])
deadline = time.monotonic() + 60
while present() < 4:
    assert time.monotonic() < deadline, "the others never came"
    time.sleep(0.01)
"""


def test_scripts_of_independent_nodes_meet(server_project: ServerProject) -> None:
    server_project.write("scripts/meets.py", MEETS)
    for name in "abcd":
        server_project.write(f"models/{name}.sql", "select 1 as one")
        server_project.bind(name, {"after": ["scripts/meets.py"]})

    run = server_project.aft("dbt", "run", "--select", "a", "b", "c", "d", "--threads", "4")

    assert run.exit_code == 0, run.output
    assert {entry["status"] for entry in server_project.results()} == {"success"}


def test_one_thread_of_dbt_is_one_script_at_a_time(server_project: ServerProject) -> None:
    server_project.write("scripts/short.py", "import time; time.sleep(0.05)\n")
    for name in "abcd":
        server_project.write(f"models/{name}.sql", "select 1 as one")
        server_project.bind(name, {"after": ["scripts/short.py"]})

    run = server_project.aft("dbt", "run", "--select", "a", "b", "c", "d", "--threads", "1")

    assert run.exit_code == 0, run.output
    times = sorted(
        (parsed(entry["started_at"]), parsed(entry["finished_at"]))
        for entry in server_project.results()
    )
    assert len(times) == 4
    for (_, ended), (started, _) in zip(times, times[1:]):
        assert ended <= started


def parsed(time: str) -> datetime:
    return datetime.fromisoformat(time.replace("Z", "+00:00"))


def test_fail_fast_stops_the_scripts_that_run(server_project: ServerProject) -> None:
    server_project.write("scripts/long.py", "import time\ntime.sleep(1000)\n")
    server_project.write("models/a.sql", "select 1 as one")
    server_project.bind("a", {"after": ["scripts/long.py"]})
    # The time that the script needs to start.
    slowly = "case when pg_sleep(3)::text is null then 1 else 0 end"
    server_project.write("models/b.sql", f"select 1 / ({slowly}) as never")

    run = server_project.aft("dbt", "run", "--select", "a", "b", "--fail-fast")

    assert run.exit_code == 1, run.output
    (entry,) = server_project.results()
    assert entry["status"] == "error"
    assert entry["message"] == "stopped because 'model.jaffle_shop.b' has failed (--fail-fast)"


def test_two_runs_at_once_leave_a_whole_table(server_project: ServerProject) -> None:
    argv = [str(AFT), "dbt", "run", "--aft-dbt", str(DBT)]
    runs = [
        subprocess.Popen(
            [*argv, "--target-path", f"target{number}", "--log-path", f"logs{number}"],
            cwd=server_project.folder,
            env=server_project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(2)
    ]
    outputs = [run.communicate(timeout=120)[0] for run in runs]

    # Who loses says so: the other one has taken the table away that it wanted to replace.
    for run, output in zip(runs, outputs):
        assert run.returncode == 0 or "ERROR" in output, output
    rows = "select count(*), count(predicted_ltv) from shop.customers_predicted_ltvs"
    assert server_project.rows(rows) == ["100|100"]
    assert not [name for name in server_project.tables() if name.startswith("aft")]
