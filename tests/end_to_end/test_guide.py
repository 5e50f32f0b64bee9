# SPDX-License-Identifier: Apache-2.0
"""A Python model made of an ephemeral SQL model and an after-script, as in fal's guide."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from tests.end_to_end.project import Project

LTV = "models/customers_predicted_ltvs.py"


def predicted_ltvs(project: Project) -> dict[int, float]:
    """What the script should write, computed from the seeds without pandas."""
    orders = project.query(
        """select raw_orders.id, customer_id, order_date, status, sum(amount_cents) / 100.0
           from raw_orders join raw_payments on raw_payments.order_id = raw_orders.id
           group by 1, 2, 3, 4"""
    )
    as_of = date.fromisoformat(max(day for _, _, day, _, _ in orders))
    histories: dict[int, list[tuple[str, float]]] = {}
    for _, customer, day, status, amount in orders:
        if status != "returned":
            histories.setdefault(customer, []).append((day, amount))
    days = {
        customer: (as_of - date.fromisoformat(min(history)[0])).days
        for customer, history in histories.items()
    }
    counted = sum(len(history) for history in histories.values())
    revenue = sum(amount for history in histories.values() for _, amount in history)
    prior_days = (sum(days.values()) / len(days)) / (counted / len(histories))

    predicted = {}
    for (customer,) in project.query("select id from raw_customers"):
        history = histories.get(customer, [])
        value = (sum(a for _, a in history) + 2 * revenue / counted) / (len(history) + 2)
        rate = (len(history) + 1) / (days[customer] + prior_days) if history else 0
        predicted[customer] = 365 * rate * value
    return predicted


def moment(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


@pytest.mark.parametrize("command", ["dbt run", "flow run --experimental-flow"])
def test_one_command_builds_every_model_in_the_order_of_the_graph(
    project: Project, command: str
) -> None:
    run = project.aft(*command.split())

    assert run.exit_code == 0, run.output
    assert {entry["status"] for entry in project.run_results().values()} == {"success"}
    written = dict(project.query("select customer_id, predicted_ltv from fct_customers"))
    assert len(project.query("select * from fct_customers")) == 100
    assert written == pytest.approx(predicted_ltvs(project), abs=0.0051)


def test_the_script_runs_after_its_parents_and_before_its_children(
    project: Project,
) -> None:
    run = project.aft("dbt", "run")

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


def test_the_console_shows_the_script_in_dbts_shape(project: Project) -> None:
    output = project.aft("dbt", "run").output

    after = f"script {LTV} after customers_predicted_ltvs"
    assert f"START {after} . [RUN]\n" in output
    assert f"{LTV} | predicted the value of 100 customers\n" in output
    assert f"OK ran {after}  [WROTE 100 in " in output
    assert output.endswith("Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1\n")


def test_the_results_say_what_the_script_did(project: Project) -> None:
    project.aft("dbt", "run")

    (entry,) = project.results()
    assert entry["node"] == "model.jaffle_shop.customers_predicted_ltvs"
    assert entry["path"] == LTV
    assert entry["status"] == "success"
    assert entry["rows"] == {"read": 100 + 268, "written": 100}
    assert entry["bytes"]["read"] > 0
    assert entry["bytes"]["written"] >= 100 * 3 * 8
    assert entry["peak_memory"] > 10_000_000
    elapsed = moment(entry["finished_at"]) - moment(entry["started_at"])
    assert 0 < sum(entry["seconds"].values()) <= elapsed.total_seconds()


def test_dbt_is_told_once_to_pass_over_the_scripts(project: Project) -> None:
    first = project.aft("dbt", "run")
    ignored = (project.folder / ".dbtignore").read_text()
    second = project.aft("dbt", "run")

    assert "/models/customers_predicted_ltvs.py\n/models/ltv_forecast.py\n" in ignored
    assert "aft: added to .dbtignore" in first.output
    assert "aft: added to .dbtignore" not in second.output
    assert (project.folder / ".dbtignore").read_text() == ignored
    assert project.dbt("ls").exit_code == 0


def test_a_second_run_replaces_the_rows(project: Project) -> None:
    project.aft("dbt", "run")
    once = project.query("select * from customers_predicted_ltvs order by 1")
    project.aft("dbt", "run")

    assert project.query("select * from customers_predicted_ltvs order by 1") == once


def test_append_keeps_the_rows_and_takes_columns_in_any_order(project: Project) -> None:
    project.write(
        LTV,
        """
import pandas as pd
columns = {"customer_id": [1, 2], "expected_orders": [0.5, 1.5], "predicted_ltv": 9.0}
frame = pd.DataFrame(columns)
write_to_model(frame, mode="append")
write_to_model(frame[["predicted_ltv", "customer_id", "expected_orders"]], mode="append")
""",
    )
    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert (
        project.query("select customer_id, expected_orders from customers_predicted_ltvs")
        == [(1, 0.5), (2, 1.5)] * 2
    )


def test_an_ephemeral_model_counts_as_built_for_its_script(project: Project) -> None:
    project.write(LTV, "print('status:', context.current_model.status)\n")

    run = project.aft("dbt", "run", "--select", "customers_predicted_ltvs")

    assert f"{LTV} | status: success\n" in run.output


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
