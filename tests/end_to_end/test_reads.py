# SPDX-License-Identifier: Apache-2.0
"""A script reads what dbt has finished by then, or it is told that it may not."""

from __future__ import annotations

import pytest

from tests.matrix.chain import add_model
from tests.support.example import LTV, SCRIPT
from tests.support.project import STAGED, Project

ADVICE = f"add this line to models/{LTV}.sql: -- depends_on: {{{{ ref('apart') }}}}"
WARNING = f"| warning: '{LTV}' does not depend on 'apart', which this script reads; "
SUMMARY = "Scripts: PASS={} ERROR={} SKIP=0 TOTAL=2\n"


@pytest.fixture
def reader(shop: Project) -> Project:
    """Two scripts of the example's ephemeral model read a model that it doesn't know."""
    add_model(shop, "apart", query="select 1 as id, 'x' as name")
    path = shop.folder / SCRIPT
    path.write_text(path.read_text() + 'print(len(ref("apart")), "row")\n')
    shop.write("scripts/other.sh", "#!/bin/sh\naft read apart --format csv\n").chmod(0o755)
    shop.bind(LTV, [SCRIPT, "scripts/other.sh"])
    return shop


@pytest.mark.parametrize("read", ['ref("apart")', 'source("lake", "apart")'])
def test_a_model_that_the_run_builds_at_any_time_is_refused(
    reader: Project, read: str
) -> None:
    reader.write(
        "models/lake.yml", "sources: [{name: lake, schema: main, tables: [{name: apart}]}]\n"
    )
    path = reader.folder / SCRIPT
    path.write_text(path.read_text().replace('ref("apart")', read))

    run = reader.aft("dbt", "run")

    assert run.exit_code == 1
    table = "" if read.startswith("ref") else ", the table of source 'lake.apart'"
    assert f"this run builds 'apart'{table}, but '{LTV}' does not depend on it" in run.output
    assert ADVICE in run.output
    assert reader.statuses()["fct_customers"] == "skipped"

    file = reader.folder / "models" / f"{LTV}.sql"
    file.write_text(ADVICE.partition(": ")[2] + "\n" + file.read_text())
    again = reader.aft("dbt", "run")
    assert again.exit_code == 0, again.output
    assert "does not depend" not in again.output


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_a_model_that_the_run_leaves_alone_is_warned_about(
    reader: Project, mode: tuple[str, ...]
) -> None:
    assert reader.dbt("run", "-s", "apart").exit_code == 0

    run = reader.aft("dbt", "run", "-s", LTV, *mode)

    assert run.exit_code == 0, run.output
    for script in (SCRIPT, "scripts/other.sh"):
        assert f"{script} {WARNING}" in run.output
    assert run.output.count(ADVICE) == 2
    assert f"{SCRIPT} | 1 row\n" in run.output
    assert "scripts/other.sh | 1," in run.output
    # dbt itself has no last line where it builds nothing.
    assert run.output.endswith(SUMMARY.format(2, 0))


def test_the_project_and_the_command_of_fal_decide_otherwise(reader: Project) -> None:
    assert reader.dbt("run", "-s", "apart").exit_code == 0

    flow = reader.aft("flow", "run")
    assert flow.exit_code == 0, flow.output
    assert f"{SCRIPT} {WARNING}" in flow.output

    allowed = ("--vars", "{aft: {unordered_refs: allow}}")
    run = reader.aft("dbt", "run", *allowed, *STAGED)
    assert run.exit_code == 0, run.output
    assert "does not depend" not in run.output

    run = reader.aft("dbt", "run", "--vars", "{aft: {unordered_refs: maybe}}")
    assert run.exit_code != 0
    assert "'unordered_refs' under 'vars: aft:' is 'maybe', but must be " in run.output


def test_the_summary_comes_when_only_ephemeral_models_failed(shop: Project) -> None:
    shop.write(SCRIPT, "1 / 0\n")

    run = shop.aft("dbt", "run", "-s", LTV)

    assert run.exit_code == 1
    assert "Scripts: PASS=0 ERROR=1 SKIP=0 TOTAL=1\n" in run.output
