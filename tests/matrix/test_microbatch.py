# SPDX-License-Identifier: Apache-2.0
"""Models that dbt 1.9 and later build in batches, each of which has events of its own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.matrix.chain import add_model, line
from tests.support.project import STAGED, Project

pytestmark = [
    pytest.mark.since(1, 9),
    pytest.mark.before(2, reason="dbt 2 reports no batches, and nothing of a failed one"),
    pytest.mark.adapters("postgres"),
]


TODAY = datetime.now(timezone.utc).date()
BEGIN = TODAY - timedelta(days=2)
# dbt's name for the second of three batches.
SECOND = (TODAY - timedelta(days=1)).strftime("%Y%m%d")
FAILS_ONCE = (
    "select 1 as id, now() as at "
    f"{{{{ 'from nowhere' if model.batch and model.batch.id == '{SECOND}' }}}}"
)


def add_batches(project: Project, name: str, **more: Any) -> None:
    """A model of three batches."""
    config: dict[str, Any] = {
        "materialized": "incremental",
        "incremental_strategy": "microbatch",
        "event_time": "at",
        "batch_size": "day",
        "begin": str(BEGIN),
        "unique_key": "id",
        "query": "select 1 as id, now() as at",
    }
    add_model(project, name, **{**config, **more})


def test_scripts_run_once_around_all_batches(chains: Project) -> None:
    add_batches(chains, "daily", before="print('one')", after="print('two')")
    add_model(chains, "of_daily", "daily", after="pass")
    add_batches(chains, "failing", after="raise ValueError('no')")
    add_model(chains, "of_failing", "failing")
    add_batches(chains, "holed", after="pass", query=FAILS_ONCE)

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    assert chains.statuses() == {
        "daily": "success",
        "of_daily": "success",
        "failing": "error",
        "of_failing": "skipped",
        "holed": "partial success",
    }
    assert run.output.count("| one") == run.output.count("| two") == 1
    first, last = (
        f"START batch {BEGIN} of shop.daily",
        f"OK created batch {TODAY} of shop.daily",
    )
    assert run.line("| one") < run.line(first) < run.line(last) < run.line("| two")
    assert run.line("| two") < line(run, "START", "of_daily")
    assert chains.script_statuses()["after_failing.py"] == "error"
    assert chains.script_statuses()["after_holed.py"] == "skipped"


def test_in_stages_a_retry_leaves_no_failed_batch_out(chains: Project) -> None:
    add_batches(chains, "daily", after="pass")
    add_model(chains, "of_daily", "daily")
    add_batches(chains, "holed", after="pass", query=FAILS_ONCE)

    run = chains.aft("dbt", "run", *STAGED)

    assert run.exit_code == 1
    statuses = {"daily": "success", "of_daily": "success", "holed": "partial success"}
    assert chains.statuses() == statuses
    scripts = {"after_daily.py": "success", "after_holed.py": "skipped"}
    assert chains.script_statuses() == scripts

    retry = chains.aft("dbt", "retry", *STAGED)

    assert retry.exit_code == 2
    assert (
        "aft: the batches of 'model.chains.holed' that failed cannot be repeated in stages"
    ) in retry.output
    assert chains.statuses() == statuses
    assert chains.script_statuses() == scripts
