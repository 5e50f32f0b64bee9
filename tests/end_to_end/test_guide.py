# SPDX-License-Identifier: Apache-2.0
"""A Python model made of an ephemeral SQL model and an after-script, as in fal's guide."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.example import (
    SCRIPT,
    SCRIPT_AMONG_MODELS,
    predicted_ltvs,
    put_among_models,
)
from tests.support.project import Project, Run


def moment(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


@pytest.fixture(scope="module")
def followed(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    """The example, laid out as fal's projects, after its first run; what that printed."""
    project = Project.copy(seeded, tmp_path_factory.mktemp("guide") / "project")
    put_among_models(project)
    return project, project.aft("dbt", "run")


def check_tables(project: Project) -> None:
    assert set(project.statuses().values()) == {"success"}
    written = dict(project.query("select customer_id, predicted_ltv from fct_customers"))
    assert len(project.query("select * from fct_customers")) == 100
    assert written == pytest.approx(predicted_ltvs(project), abs=0.0051)


def test_one_command_builds_every_model_in_the_order_of_the_graph(
    followed: tuple[Project, Run],
) -> None:
    project, run = followed

    assert run.exit_code == 0, run.output
    check_tables(project)


def test_the_command_of_fal_is_the_same_and_takes_dbts_options(project: Project) -> None:
    run = project.aft("flow", "run", "--experimental-flow", "--threads", "4")

    assert run.exit_code == 0, run.output
    assert "Concurrency: 4 threads (target='dev')" in run.output
    check_tables(project)


def test_the_script_runs_after_its_parents_and_before_its_children(
    followed: tuple[Project, Run],
) -> None:
    project, run = followed

    (script,) = project.results()
    nodes = project.run_results()

    def timing(name: str, end: str) -> datetime:
        (execute,) = (
            step
            for step in nodes[f"model.jaffle_shop.{name}"]["timing"]
            if step["name"] == "execute"
        )
        return moment(execute[end])

    assert timing("customers", "completed_at") <= moment(script["started_at"])
    assert timing("orders", "completed_at") <= moment(script["started_at"])
    assert moment(script["finished_at"]) <= timing("fct_customers", "started_at")
    assert run.line("OK ran script") < run.line("START sql table model main.fct_customers")


def test_the_console_shows_the_script_in_dbts_shape(followed: tuple[Project, Run]) -> None:
    output = followed[1].output

    after = f"script {SCRIPT_AMONG_MODELS} after customers_predicted_ltvs"
    assert f"START {after} . [RUN]\n" in output
    assert f"{SCRIPT_AMONG_MODELS} | predicted the value of 100 customers\n" in output
    assert f"OK ran {after}  [WROTE 100 in " in output
    assert output.endswith("Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1\n")


def test_the_results_say_what_the_script_did(followed: tuple[Project, Run]) -> None:
    (entry,) = followed[0].results()
    assert entry["node"] == "model.jaffle_shop.customers_predicted_ltvs"
    assert entry["path"] == SCRIPT_AMONG_MODELS
    assert entry["status"] == "success"
    assert entry["rows"] == {"read": 100 + 268, "written": 100}
    assert entry["bytes"]["read"] > 0
    assert entry["bytes"]["written"] >= 100 * 3 * 8
    assert entry["peak_memory"] > 10_000_000
    elapsed = moment(entry["finished_at"]) - moment(entry["started_at"])
    assert 0 < sum(entry["seconds"].values()) <= elapsed.total_seconds()


def test_a_second_run_replaces_the_rows_and_tells_dbt_nothing_new(
    followed: tuple[Project, Run], tmp_path: Path
) -> None:
    first, run = followed
    assert "aft: added to .dbtignore" in run.output
    ignored = (first.folder / ".dbtignore").read_text()
    assert "/models/customers_predicted_ltvs.py\n/models/ltv_forecast.py\n" in ignored
    second = Project.copy(first.folder, tmp_path / "shop")

    again = second.aft("dbt", "run")

    assert "aft: added to .dbtignore" not in again.output
    assert (second.folder / ".dbtignore").read_text() == ignored
    assert second.dbt("ls").exit_code == 0
    rows = "select * from customers_predicted_ltvs order by 1"
    assert second.query(rows) == first.query(rows) != []


def test_append_keeps_the_rows_and_takes_columns_in_any_order(project: Project) -> None:
    project.write(
        SCRIPT,
        """
import pandas as pd
columns = {"customer_id": [1, 2], "expected_orders": [0.5, 1.5], "predicted_ltv": 9.0}
frame = pd.DataFrame(columns)
write_to_model(frame, mode="append")
write_to_model(frame[["predicted_ltv", "customer_id", "expected_orders"]], mode="append")
print("status:", context.current_model.status)
""",
    )
    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    # The ephemeral model counts as built for its script.
    assert f"{SCRIPT} | status: success\n" in run.output
    assert (
        project.query("select customer_id, expected_orders from customers_predicted_ltvs")
        == [(1, 0.5), (2, 1.5)] * 2
    )


def test_a_script_sees_its_node_its_target_and_its_arguments(project: Project) -> None:
    arguments = {"threshold": 0.5, "names": ["a", "b"], "nested": {"deep": None}}
    project.write(
        "scripts/look.py",
        """
import json
model = context.current_model
seen = {
    "model": [model.name, model.alias, model.status, model.meta, sorted(model.columns)],
    "tests": sorted((t.name, t.column) for t in model.tests),
    "target": [context.target.profile_name, context.target.name, context.target.type,
               context.target.schema, context.target.threads],
    "arguments": context.arguments,
    "name": __name__,
}
with open("seen.json", "w") as file:
    json.dump(seen, file)
""",
    )
    project.bind(
        "orders",
        [{"path": "scripts/look.py", "with": arguments}],
        meta={"owner": "shop"},
        columns=[{"name": "order_id", "tests": ["unique"]}],
    )

    run = project.aft("dbt", "run", "--select", "+orders", "--threads", "1")

    assert run.exit_code == 0, run.output
    seen: dict[str, Any] = json.loads((project.folder / "seen.json").read_text())
    assert seen == {
        "model": ["orders", "orders", "success", {"owner": "shop"}, ["order_id"]],
        "tests": [["unique", "order_id"]],
        "target": ["jaffle_shop", "dev", "sqlite", "main", 1],
        "arguments": arguments,
        "name": "__main__",
    }
