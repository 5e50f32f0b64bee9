# SPDX-License-Identifier: Apache-2.0
"""Signals: whoever stops the run stops all of it, and the results are written."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cgroups import group_of
from tests.support.example import LTV, SCRIPT
from tests.support.processes import PATIENCE, is_running, processes_with, wait_until
from tests.support.programs import AFT, DBT
from tests.support.project import Project
from tests.support.terminal import SLEEPER, STUBBORN, RunInTerminal

# After which a script that goes on is killed without a second Ctrl-C.
GRACE = 5.0
# What a shell reports of a program that SIGPIPE ends.
CLOSED_PIPE = 128 + signal.SIGPIPE


@pytest.fixture
def start(project: Project, short_folder: Path) -> Iterator[Callable[[str], RunInTerminal]]:
    with contextlib.ExitStack() as started:

        def begin(script: str) -> RunInTerminal:
            project.write(SCRIPT, script)
            return started.enter_context(RunInTerminal(project, short_folder))

        yield begin


def check_stopped(run: RunInTerminal) -> None:
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
    run.project.check_results()
    (entry,) = run.project.results()
    assert entry["status"] == "error"
    assert entry["message"] == "interrupted"
    assert entry["finished_at"] is not None
    assert "fct_customers" not in run.project.relations()


def check_dbt_has_written_its_results(run: RunInTerminal) -> None:
    assert run.project.run_results().keys() >= {
        "model.jaffle_shop.customers",
        "model.jaffle_shop.orders",
    }


def test_ctrl_c_stops_dbt_and_the_script(start: Callable[[str], RunInTerminal]) -> None:
    run = start(SLEEPER)

    os.write(run.terminal, b"\x03")
    run.wait_for_end()

    # It was not killed, as what ignores SIGINT is: it ended by itself.
    assert (run.project.folder / "ended").read_text() == "KeyboardInterrupt"
    assert run.exit_code not in (0, None)
    assert f"ERROR in script {SCRIPT}" in run.text()
    check_stopped(run)
    check_dbt_has_written_its_results(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_aft_alone_stops_all_the_same(
    start: Callable[[str], RunInTerminal], number: int
) -> None:
    run = start(SLEEPER)

    os.kill(run.pid, number)
    run.wait_for_end()

    assert run.exit_code not in (0, None)
    check_stopped(run)
    check_dbt_has_written_its_results(run)


def test_sigterm_ends_a_run_in_the_background_of_a_shell_script(
    project: Project, tmp_path: Path, short_folder: Path
) -> None:
    project.write(
        "models/endless.sql",
        "with recursive n (i) as (select 1 union all select 1 from n) select max(i) from n",
    )
    output = tmp_path / "output"
    with output.open("w") as file:
        run = subprocess.Popen(
            ["sh", "-c", f"trap '' INT; exec '{AFT}' dbt run -s endless --aft-dbt '{DBT}'"],
            cwd=project.folder,
            env=project.environment | {"TMPDIR": str(short_folder)},
            stdout=file,
        )
    try:
        wait_until(lambda: "START sql" in output.read_text(), "dbt queries")

        run.terminate()

        assert run.wait(PATIENCE) != 0
        assert processes_with(short_folder) == []
    finally:
        run.kill()
        run.wait()


def test_a_script_that_ignores_ctrl_c_is_killed_by_the_second(
    start: Callable[[str], RunInTerminal],
) -> None:
    run = start(STUBBORN)

    began = time.monotonic()
    os.write(run.terminal, b"\x03")
    run.wait_for((run.project.folder / "ignored").exists, "the script ignores Ctrl-C")
    os.write(run.terminal, b"\x03")
    run.wait_for_end()

    assert time.monotonic() - began < GRACE
    # dbt itself gives up where the second finds it, maybe while it writes its results.
    (run.project.folder / "target" / "run_results.json").unlink(missing_ok=True)
    check_stopped(run)


def test_a_script_that_ignores_ctrl_c_is_killed_in_the_end(
    start: Callable[[str], RunInTerminal],
) -> None:
    run = start(STUBBORN)

    os.write(run.terminal, b"\x03")
    run.wait_for_end()

    check_stopped(run)
    check_dbt_has_written_its_results(run)


def test_nothing_outlives_a_killed_aft(start: Callable[[str], RunInTerminal]) -> None:
    run = start(SLEEPER)
    group = group_of(run.script_pids[0])
    assert group is None or group.name.startswith("script-")

    os.kill(run.pid, signal.SIGKILL)
    run.wait_for_end()

    wait_until(
        lambda: not any(map(is_running, run.script_pids)),
        "the script's processes are gone",
    )
    wait_until(lambda: group is None or not group.parent.exists(), "the groups are gone")
    # Its folder is the next run's to remove.
    project = run.project
    project.write(SCRIPT, "pass\n")
    project.bind("customers_predicted_ltvs", [SCRIPT], writes="optional")
    environment = {"TMPDIR": str(run.folders)}
    again = project.aft("dbt", "run", "--exclude", "fct_customers", environment=environment)
    assert again.exit_code == 0, again.output
    assert run.leftovers() == []


def test_a_killed_dbt_ends_its_scripts_and_leaves_the_results_of_others(
    project: Project, start: Callable[[str], RunInTerminal]
) -> None:
    project.write("scripts/short.py", "pass\n")
    project.bind("stg_orders", ["scripts/short.py"])
    project.bind("fct_customers", ["scripts/short.py"])
    run = start(SLEEPER)

    os.kill(run.dbt, signal.SIGKILL)
    run.wait_for_end()

    assert run.exit_code == 128 + signal.SIGKILL
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
    found = {
        entry["node"].removeprefix("model.jaffle_shop."): (entry["status"], entry["message"])
        for entry in project.results()
    }
    assert found == {
        "stg_orders": ("success", ""),
        LTV: ("error", "interrupted because dbt has ended"),
        "fct_customers": ("skipped", "not run because dbt ended before it came to that"),
    }


def test_nothing_outlives_a_killed_worker_host(
    start: Callable[[str], RunInTerminal],
) -> None:
    run = start(SLEEPER)
    group = group_of(run.script_pids[0])
    status = Path(f"/proc/{run.script_pids[0]}/status").read_text()
    (host,) = (line.split()[1] for line in status.splitlines() if line.startswith("PPid:"))

    os.kill(int(host), signal.SIGKILL)
    run.wait_for_end()

    assert run.exit_code == 1
    assert "the worker host has ended unexpectedly" in run.text()
    wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
    assert group is None or not group.parent.exists()
    (entry,) = run.project.results()
    assert entry["status"] == "error"


def exit_code_after_one_line(project: Project, command: str, folders: Path) -> int:
    """How ``command`` ends when only the first line of its output is read."""
    piped = subprocess.run(
        ["sh", "-c", f"{{ {command} 2>errors; echo $? >code; }} | head -n 1"],
        cwd=project.folder,
        env=project.environment | {"TMPDIR": str(folders)},
        timeout=PATIENCE,
        capture_output=True,
        check=False,
    )
    assert piped.stdout.count(b"\n") == 1
    # Python's own resource tracker ends a moment after dbt.
    wait_until(lambda: processes_with(folders) == [], "nothing runs any more")
    assert list(folders.iterdir()) == []
    return int((project.folder / "code").read_text())


def test_a_closed_pipe_means_to_a_run_without_scripts_what_it_means_to_dbt(
    project: Project, short_folder: Path
) -> None:
    (project.folder / "models" / "schema.yml").unlink()
    (project.folder / "models" / "customers_predicted_ltvs.sql").unlink()
    (project.folder / "models" / "fct_customers.sql").unlink()

    of_dbt = exit_code_after_one_line(project, f"'{DBT}' run -s orders", short_folder)
    of_aft = exit_code_after_one_line(
        project, f"'{AFT}' dbt run --aft-dbt '{DBT}'", short_folder
    )

    assert of_aft == of_dbt
    assert "Logging error" in (project.folder / "errors").read_text()
    assert "customers" in project.relations()


def test_a_closed_pipe_ends_a_run_with_scripts_early_and_quietly(
    project: Project, short_folder: Path
) -> None:
    command = f"'{AFT}' dbt run --aft-dbt '{DBT}'"

    code = exit_code_after_one_line(project, command, short_folder)

    assert code == CLOSED_PIPE
    # dbt may have printed a line before it has loaded the gate.
    assert (project.folder / "errors").read_text().count("Logging error") <= 1
    assert "customers" not in project.relations()


@pytest.mark.parametrize("is_interrupted", [False, True], ids=["alone", "after Ctrl-C"])
def test_a_script_is_interrupted_once_when_nobody_reads_the_output_any_more(
    project: Project, short_folder: Path, is_interrupted: bool
) -> None:
    slow = SLEEPER.replace('    open("ended"', '    time.sleep(0.5)\n    open("ended"')
    project.write(SCRIPT, slow)
    run = subprocess.Popen(
        [AFT, "dbt", "run", "--aft-dbt", DBT],
        cwd=project.folder,
        env=project.environment | {"TMPDIR": str(short_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until((project.folder / "pids").exists, "the script runs")
        assert run.stdout
        assert run.stderr
        if is_interrupted:
            run.send_signal(signal.SIGINT)
        run.stdout.close()
        code = run.wait(PATIENCE)
        assert run.stderr.read() == b""
    finally:
        run.kill()
        run.wait()

    assert code not in (0, None)
    assert (code == CLOSED_PIPE) == (not is_interrupted)
    assert (project.folder / "ended").read_text() == "KeyboardInterrupt"
    (entry,) = project.results()
    assert (entry["status"], entry["message"]) == ("error", "interrupted")
    assert "model.jaffle_shop.orders" in project.run_results()
    wait_until(lambda: processes_with(short_folder) == [], "nothing runs any more")
    assert list(short_folder.iterdir()) == []
