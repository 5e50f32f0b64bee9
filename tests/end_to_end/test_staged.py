# SPDX-License-Identifier: Apache-2.0
"""A run in stages is one run: the same tables, order, results and lines."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.support.dbt_results import artifact
from tests.support.example import LTV, MODELS, SCRIPT, predicted_ltvs
from tests.support.project import STAGED, Project, Run

MODEL = "model.jaffle_shop."


def lines_without_times(run: Run) -> list[str]:
    """What dbt has printed, without how long it took, and without what scripts print."""
    lines = []
    for line in run.output.splitlines():
        if re.search("[sS]cript|^aft: |partial parsing", line):
            continue
        line = re.sub(r" in \d+ hours .*", "", line)
        lines.append(re.sub(r"in \d+\.\d+s", "", line))
    return lines


def test_the_guides_example_is_built_as_by_one_run(project: Project) -> None:
    began = time.monotonic()
    run = project.aft("dbt", "run", *STAGED)
    took = time.monotonic() - began

    assert run.exit_code == 0, run.output
    written = dict(project.query("select customer_id, predicted_ltv from fct_customers"))
    assert written == pytest.approx(predicted_ltvs(project), abs=0.0051)
    order = [
        run.line("OK created sql table model main.orders"),
        run.line(f"START script {SCRIPT} after customers_predicted_ltvs"),
        run.line(f"{SCRIPT} | predicted the value of 100 customers"),
        run.line(f"OK ran script {SCRIPT}"),
        run.line("START sql table model main.fct_customers"),
        run.line("Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1"),
    ]
    assert order == sorted(order)

    results = artifact(project)
    assert set(project.statuses().values()) == {"success"}
    names = [result.unique_id.removeprefix(MODEL) for result in results.results]
    assert sorted(names) == MODELS
    assert 0.5 * took < results.elapsed_time < took
    assert results.args["invocation_command"] == "dbt run"
    assert results.args["select"] == []
    assert "state" not in results.args
    (entry,) = project.results()
    assert (entry["status"], entry["rows"]) == ("success", {"read": 368, "written": 100})
    document = json.loads((project.folder / "target/aft/results.json").read_text())
    assert document["metadata"]["dbt_version"] == results.metadata.dbt_version

    assert lines_without_times(run) == lines_without_times(project.dbt("run"))


def test_a_failed_script_skips_what_is_below_and_can_be_retried(shop: Project) -> None:
    shop.write("scripts/bad.py", "1 / 0\n")
    shop.bind("orders", ["scripts/bad.py"])

    run = shop.aft("dbt", "run", *STAGED)

    assert run.exit_code == 1
    assert "5 of 6 OK created sql table model main.orders" in run.output
    assert "6 of 6 SKIP relation main.fct_customers ..." in run.output
    assert f"SKIP script {SCRIPT}" in run.output
    assert (
        "\nCompleted with 1 error, 0 partial successes, and 0 warnings:\n\n"
        "Failure in model orders (models/orders.sql)\n"
        "  script 'scripts/bad.py' failed: ZeroDivisionError: division by zero "
        "(scripts/bad.py:1)\n\n"
        "Done. PASS=4 WARN=0 ERROR=1 SKIP=1 NO-OP=0 TOTAL=6\n"
        "Scripts: PASS=0 ERROR=1 SKIP=1 TOTAL=2\n"
    ) in run.output
    assert [entry["status"] for entry in shop.results()] == ["error", "skipped"]
    assert shop.statuses() == dict.fromkeys(MODELS, "success") | {
        "orders": "error",
        "fct_customers": "skipped",
    }

    failed = shop.dbt("--quiet", "ls", "-s", "result:error", "--state", "target")
    assert failed.output == "jaffle_shop.orders\n"
    retried = shop.dbt("retry")
    assert retried.exit_code == 0, retried.output
    assert "1 of 2 OK created sql table model main.orders" in retried.output
    assert "2 of 2 OK created sql table model main.fct_customers" in retried.output


def test_a_script_before_a_model_and_one_of_an_ephemeral_model_fail(shop: Project) -> None:
    shop.write("scripts/bad.py", "1 / 0\n")
    shop.write("models/apart.sql", "select * from {{ ref('stg_orders') }}\n")
    shop.write(SCRIPT, "raise SystemExit(3)\n")
    shop.bind("apart", {"before": ["scripts/bad.py"]})

    run = shop.aft("dbt", "run", *STAGED)

    assert run.exit_code == 1
    assert "6 of 7 ERROR relation main.apart ..." in run.output
    assert "7 of 7 SKIP relation main.fct_customers ..." in run.output
    assert "Completed with 2 errors, 0 partial successes, and 0 warnings:" in run.output
    assert "Failure in model customers_predicted_ltvs (models/" in run.output
    assert "PASS=5 WARN=0 ERROR=2 SKIP=1 NO-OP=0 TOTAL=8\n" in run.output
    assert "apart" not in shop.relations()
    assert shop.statuses() == dict.fromkeys(MODELS, "success") | {
        "apart": "error",
        LTV: "error",
        "fct_customers": "skipped",
    }
    artifact(shop)


def test_dbts_own_errors_are_told_in_its_words(shop: Project) -> None:
    shop.write("models/orders.sql", "select * from nowhere, {{ ref('stg_orders') }}\n")

    run = shop.aft("dbt", "run", *STAGED)

    assert run.exit_code == 1
    assert "5 of 6 ERROR creating sql table model main.orders" in run.output
    assert (
        "\nFailure in model orders (models/orders.sql)\n"
        "  Database Error in model orders (models/orders.sql)\n"
        "  no such table: nowhere\n"
    ) in run.output
    assert run.output.count("no such table") == 1
    assert [entry["status"] for entry in shop.results()] == ["skipped"]

    shop.write("models/orders.sql", "select {{ \n")
    run, plain = shop.aft("dbt", "run", *STAGED), shop.dbt("run")
    assert (run.exit_code, run.output) == (plain.exit_code, plain.output)
    assert run.exit_code == 2


@pytest.mark.parametrize("selection", ["nothing_like_this", "stg_orders"])
def test_without_scripts_dbt_runs_once_as_it_was_called(shop: Project, selection: str) -> None:
    run = shop.aft("dbt", "run", "-s", selection, *STAGED)
    plain = shop.dbt("run", "-s", selection)

    assert run.exit_code == plain.exit_code == 0
    assert re.sub(r"\d+\.\d+", "", run.output) == re.sub(r"\d+\.\d+", "", plain.output)
