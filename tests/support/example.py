# SPDX-License-Identifier: Apache-2.0
"""What is known of the example project, tests/projects/jaffle_shop."""

from __future__ import annotations

from datetime import date

from tests.support.project import Project

LTV = "customers_predicted_ltvs"
SCRIPT = f"scripts/{LTV}.py"
# Where fal's projects have it; see put_among_models().
SCRIPT_AMONG_MODELS = f"models/{LTV}.py"
STAGING = ["stg_customers", "stg_orders", "stg_payments"]
# All that dbt builds.
MODELS = ["customers", "fct_customers", "orders", *STAGING]


def put_among_models(project: Project) -> None:
    """Move the script and its module among the models, as in fal's projects."""
    for file in (project.folder / "scripts").iterdir():
        file.rename(project.folder / "models" / file.name)
    schema = (project.folder / "models" / "schema.yml").read_text()
    assert SCRIPT in schema
    project.write("models/schema.yml", schema.replace(SCRIPT, SCRIPT_AMONG_MODELS))


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
