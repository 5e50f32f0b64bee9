# SPDX-License-Identifier: Apache-2.0
"""What other tests have for the dbt of their own environment, with dbt 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.matrix.chain import add_model
from tests.support.dbt2_project import Dbt2Project
from tests.support.processes import wait_until
from tests.support.terminal import RunInTerminal

pytestmark = pytest.mark.since(2)


def test_a_selection_takes_scripts_and_nodes(chains: Dbt2Project) -> None:
    add_model(chains, "first", before="pass", after="pass")
    add_model(chains, "second", "first", after="pass")
    add_model(chains, "third", "second", after="pass")

    for words, models, scripts in (
        ("dbt run -s first --exclude after_first.py", {"first"}, {"before_first.py"}),
        ("dbt run -s after_first.py+1", {"second"}, {"after_first.py"}),
        (
            "flow run --exclude before_first.py third",
            {"first", "second"},
            {"after_first.py", "after_second.py"},
        ),
    ):
        run = chains.aft(*words.split())

        assert run.exit_code == 0, run.output
        assert chains.statuses().keys() == models, words
        assert chains.script_statuses() == dict.fromkeys(scripts, "success"), words


def test_ctrl_c_stops_dbt_in_a_stage(chains: Dbt2Project, short_folder: Path) -> None:
    add_model(chains, "done", after="pass")
    add_model(chains, "endless", "done", query="select pg_sleep(1000)::text as id")
    add_model(chains, "of_endless", "endless", after="pass")

    def is_asleep() -> bool:
        return any("pg_sleep" in query for query in chains.sessions())

    try:
        with RunInTerminal(chains, short_folder, until=is_asleep) as run:
            os.write(run.terminal, b"\x03")
            run.wait_for_end()

            assert run.exit_code not in (0, None)
            wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
            wait_until(lambda: not is_asleep(), "the statement is cancelled")
    finally:
        chains.end_sessions()
    # dbt 2 itself says that there was an error in what it had not come to.
    expected = {"done": "success", "endless": "error", "of_endless": "error"}
    assert chains.statuses() == expected, run.text()
    assert chains.script_statuses() == {
        "after_done.py": "success",
        "after_of_endless.py": "skipped",
    }
    assert "Exited because of keyboard interrupt" in run.text()
