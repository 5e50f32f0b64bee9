# SPDX-License-Identifier: Apache-2.0
"""`on_error: continue` of dbt 1.12: the children of a failed model are built all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.matrix.chain import add_model
from tests.support.project import Project

pytestmark = [
    pytest.mark.since(1, 12),
    pytest.mark.before(2, reason="dbt 2.0 says that it does not support it yet"),
]

FAILS = "raise ValueError('no')"


@pytest.mark.parametrize("mode", ["live", "staged"])
def test_children_and_their_scripts_run_unless_another_parent_forbids_it(
    chains: Project, mode: str
) -> None:
    goes_on: dict[str, Any] = {"on_error": "continue"}
    add_model(chains, "predicted", after=FAILS, materialized="ephemeral", **goes_on)
    add_model(chains, "checked", after=FAILS, **goes_on)
    add_model(chains, "broken", after="pass", query="select * from nowhere", **goes_on)
    add_model(chains, "strict", before=FAILS)
    for parent in ("predicted", "checked", "broken"):
        add_model(chains, f"of_{parent}", parent, after="pass")
    add_model(chains, "of_both", "checked", "strict", after="pass")

    run = chains.aft("dbt", "run", "--aft-mode", mode)

    assert run.exit_code == 1
    assert chains.statuses() == {
        "predicted": "error",
        "of_predicted": "success",
        "checked": "error",
        "of_checked": "success",
        "broken": "error",
        "of_broken": "success",
        "strict": "error",
        "of_both": "skipped",
    }
    assert chains.script_statuses() == {
        "after_predicted.py": "error",
        "after_of_predicted.py": "success",
        "after_checked.py": "error",
        "after_of_checked.py": "success",
        "after_broken.py": "skipped",
        "after_of_broken.py": "success",
        "before_strict.py": "error",
        "after_of_both.py": "skipped",
    }


def test_a_failure_that_dbt_passes_over_fails_the_run(chains: Project) -> None:
    config: dict[str, Any] = {"materialized": "ephemeral", "on_error": "continue"}
    add_model(chains, "predicted", after=FAILS, **config)
    add_model(chains, "of_predicted", "predicted")

    run = chains.aft("dbt", "run")

    assert chains.statuses() == {"predicted": "error", "of_predicted": "success"}
    assert run.exit_code == 1


def test_fail_fast_goes_before_it(chains: Project) -> None:
    add_model(chains, "checked", after=FAILS, on_error="continue")
    add_model(chains, "of_checked", "checked", after="pass")

    run = chains.aft("dbt", "run", "--fail-fast")

    assert run.exit_code == 1
    assert chains.statuses() == {"checked": "error", "of_checked": "skipped"}
    assert chains.script_statuses()["after_checked.py"] == "error"
    assert "START script after_of_checked.py" not in run.output
