# SPDX-License-Identifier: Apache-2.0
"""Models that dbt 1.9 and later build in batches, each of which has events of its own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.end_to_end.project import Project
from tests.matrix.chain import add_model, line, scripts, statuses

pytestmark = [pytest.mark.since(1, 9), pytest.mark.adapters("postgres")]


def add_batches(project: Project, name: str, **more: Any) -> None:
    """A model of three batches."""
    begin = datetime.now(timezone.utc) - timedelta(days=2)
    config: dict[str, Any] = {
        "materialized": "incremental",
        "incremental_strategy": "microbatch",
        "event_time": "at",
        "batch_size": "day",
        "begin": begin.date().isoformat(),
        "unique_key": "id",
    }
    add_model(project, name, query="select 1 as id, now() as at", **config, **more)


def test_scripts_run_once_around_all_batches(chains: Project) -> None:
    add_batches(chains, "daily", before="print('one')", after="print('two')")
    add_model(chains, "of_daily", "daily", after="pass")
    add_batches(chains, "failing", after="raise ValueError('no')")
    add_model(chains, "of_failing", "failing")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    expected = {"daily": "success", "failing": "error"}
    expected |= {"of_daily": "success", "of_failing": "skipped"}
    assert statuses(chains) == expected
    assert run.output.count("| one") == run.output.count("| two") == 1
    assert run.line("| one") < run.line("Batch 1 of 3 START batch")
    assert run.line("Batch 3 of 3 OK created") < run.line("| two")
    assert run.line("| two") < line(run, "START", "of_daily")
    assert scripts(chains)["after_failing.py"] == "error"
