# SPDX-License-Identifier: Apache-2.0
"""A run in stages that is stopped leaves one valid result, wherever it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.dbt_results import artifact
from tests.support.example import MODELS, SCRIPT, STAGING
from tests.support.processes import PATIENCE, children_of, is_running, wait_until
from tests.support.programs import AFT, DBT
from tests.support.project import STAGED, Project
from tests.support.terminal import SLEEPER, STUBBORN, RunInTerminal

ENDLESS = "with recursive n (i) as (select 1 union all select 1 from n) select max(i) from n"

Start = Callable[..., RunInTerminal]


@pytest.fixture
def start(project: Project, short_folder: Path) -> Iterator[Start]:
    """Starts a run in stages; it is ended with the test."""
    started: list[RunInTerminal] = []

    def begin(until: Callable[[], bool] | None = None, dbt: Path = DBT) -> RunInTerminal:
        started.append(RunInTerminal(project, short_folder, *STAGED, until=until, dbt=dbt))
        return started[-1]

    yield begin
    for run in started:
        if run.exit_code is None:
            os.kill(run.pid, signal.SIGKILL)
            os.waitpid(run.pid, 0)
        os.close(run.terminal)


def check_left(run: RunInTerminal, expected: dict[str, str]) -> None:
    """Each selected node has one entry, and nothing of the run is left."""
    assert run.exit_code not in (0, None)
    names = [result.unique_id.split(".")[2] for result in artifact(run.project).results]
    assert sorted(names) == sorted(expected), run.text()
    assert run.project.statuses() == expected, run.text()
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")


def note_start(project: Project, name: str) -> Path:
    """Have a model that never ends, and a file that is there when dbt runs it."""
    project.write(f"models/{name}.sql", ENDLESS)
    return project.folder / "target" / "run" / "jaffle_shop" / "models" / f"{name}.sql"


@pytest.mark.parametrize("script", [SLEEPER, STUBBORN])
def test_ctrl_c_stops_a_script_between_stages(
    project: Project, start: Start, script: str
) -> None:
    project.write(SCRIPT, script)
    run = start()

    os.write(run.terminal, b"\x03")
    if script == STUBBORN:
        run.wait_for((project.folder / "ignored").exists, "the script ignores Ctrl-C")
        os.write(run.terminal, b"\x03")
    run.wait_for_end()

    stopped = {"customers_predicted_ltvs": "error", "fct_customers": "skipped"}
    check_left(run, dict.fromkeys(MODELS, "success") | stopped)
    (entry,) = project.results()
    assert (entry["status"], entry["message"]) == ("error", "interrupted")
    assert "Exited because of keyboard interrupt" in run.text()
    assert "PASS=5 WARN=0 ERROR=1 SKIP=1" in run.text()


def test_ctrl_c_stops_dbt_in_a_stage(project: Project, start: Start) -> None:
    begun = note_start(project, "z_endless")
    run = start(until=begun.exists)

    os.write(run.terminal, b"\x03")
    run.wait_for_end()

    entries = project.statuses()
    assert entries.pop("z_endless") in ("error", "skipped")
    assert set(entries) == set(MODELS)
    assert entries["fct_customers"] == "skipped"
    assert [entry["status"] for entry in project.results()] == ["skipped"]
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
    assert run.exit_code not in (0, None)


def test_a_dbt_that_is_killed_is_no_success(project: Project, start: Start) -> None:
    begun = note_start(project, "z_endless")
    run = start(until=begun.exists)

    os.kill(run.dbt, signal.SIGKILL)
    run.wait_for_end()

    # What dbt had told of by then; it works on all without parents first.
    expected = dict.fromkeys(STAGING, "success") | {"z_endless": "error"}
    check_left(run, dict.fromkeys(MODELS, "skipped") | expected)
    assert run.exit_code == 128 + signal.SIGKILL
    assert "Failure in model z_endless (models/z_endless.sql)\n" in run.text()
    assert "  dbt was ended while it worked on it\n" in run.text()
    assert [entry["status"] for entry in project.results()] == ["skipped"]


def test_a_run_whose_output_nobody_reads_stops(project: Project, short_folder: Path) -> None:
    piped = subprocess.run(
        ["sh", "-c", f"{{ '{AFT}' dbt run {' '.join(STAGED)}; echo $? >code; }} | head -n 1"],
        cwd=project.folder,
        env=project.environment | {"TMPDIR": str(short_folder), "PATH": f"{DBT.parent}:/bin"},
        timeout=PATIENCE,
        check=False,
    )

    assert piped.returncode == 0
    assert int((project.folder / "code").read_text()) == 128 + signal.SIGPIPE
    assert "success" not in {entry["status"] for entry in project.results()}
    assert list(short_folder.iterdir()) == []


def test_nothing_outlives_an_aft_that_is_killed_in_a_stage(
    project: Project, start: Start
) -> None:
    begun = note_start(project, "z_endless")
    run = start(until=begun.exists)
    pids = children_of(run.pid)

    os.kill(run.pid, signal.SIGKILL)
    run.wait_for_end()

    assert pids
    wait_until(lambda: not any(is_running(pid) for pid in pids), "all is gone")


def test_ctrl_c_while_nodes_are_listed_starts_no_stage(start: Start, tmp_path: Path) -> None:
    wrapper = tmp_path / "dbt"
    wrapper.write_text(f"#!/bin/sh\necho \"$1\" >>'{tmp_path}/calls'\nexec '{DBT}' \"$@\"\n")
    wrapper.chmod(0o755)
    calls = tmp_path / "calls"
    run = start(until=lambda: calls.exists() and "ls" in calls.read_text(), dbt=wrapper)

    os.write(run.terminal, b"\x03")
    run.wait_for_end()

    assert run.exit_code not in (0, None)
    # Before that a wrapper is asked which Python runs dbt.
    assert calls.read_text() == "--log-format\nls\n"
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
