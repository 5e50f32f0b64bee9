# SPDX-License-Identifier: Apache-2.0
"""What a script is told of its node, its target and the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.python_runtime.worker import Ended

Run = Callable[..., Ended]


def test_the_context_says_what_the_script_is_bound_to(run: Run, project: Path) -> None:
    ended = run("""
        model = context.current_model
        print(model.name, model.alias, model.unique_id, model.status, model.meta)
        print(model.columns["id"].tags, model.columns["id"].meta)
        for test in model.tests:
            print(test.name, test.model_name, test.column, test.status)
        print(model.adapter_response)
        print(context.target.name, context.target.schema, context.config.target_path)
    """)

    assert ended.output.splitlines() == [
        "scored scored model.shop.scored success {'owner': 'ann'}",
        "['key'] {'pii': False}",
        "unique scored id None",
        "None",
        f"dev main {project / 'target'}",
    ]


def test_the_context_has_what_the_database_answered(run: Run) -> None:
    text = "print(context.current_model.adapter_response)"
    select = {"_message": "SELECT 5", "code": "SELECT", "rows_affected": 5}

    assert run(text, adapter_response=select).output == (
        "AdapterResponse(message='SELECT 5', code='SELECT', rows_affected=5)\n"
    )
    assert run(text, adapter_response={"_message": "OK"}).output == (
        "AdapterResponse(message='OK', code=None, rows_affected=None)\n"
    )


def test_the_context_describes_a_source_as_well(run: Run) -> None:
    ended = run(
        """
        table = context.current_model
        print(table.source_name, table.name, table.alias, table.status, table.meta)
        print(len(source(table.source_name, table.name)))
        """,
        node="source.shop.raw.payments",
        node_status="warn",
    )

    assert ended.output.splitlines() == ["raw payments payments warn {'owner': 'bob'}", "1"]


def test_models_sources_and_tests_are_listed_with_their_last_status(
    run: Run, project: Path
) -> None:
    results = {
        "run_results.json": {"test.shop.unique_scored_id": "pass", "model.shop.late": "error"},
        "sources.json": {"source.shop.raw.payments": "warn"},
    }
    old = (project / "target" / "run_results.json").read_text()
    (test_id,) = [
        entry
        for entry in json.loads((project / "target" / "manifest.json").read_text())["nodes"]
        if entry.startswith("test.shop.unique_scored_id")
    ]
    for name, statuses in results.items():
        entries = [
            {"unique_id": test_id if key.startswith("test") else key, "status": status}
            for key, status in statuses.items()
        ]
        (project / "target" / name).write_text(json.dumps({"results": entries}))

    ended = run("""
        from aft import list_features, list_models
        from aft.typing import DbtModel
        ids = list_models_ids()
        print({name.rpartition(".")[2]: status for name, status in sorted(ids.items())})
        (scored,) = [model for model in list_models() if model.name == "scored"]
        print(isinstance(scored, DbtModel), scored.meta, scored.columns["id"].meta)
        print([(test.name, test.status) for test in scored.tests], len(list_tests()))
        print([(table.source_name, table.name, table.status) for table in list_sources()])
        print([(test.name, test.status) for test in context.current_model.tests])
        print([(each.model, each.column, each.entity_column) for each in list_features()])
    """)
    (project / "target" / "run_results.json").write_text(old)

    assert ended.output.splitlines() == [
        "{'apart': 'skipped', 'v1': 'skipped', 'v2': 'skipped', 'late': 'error', "
        "'orders': 'skipped', 'report': 'skipped', 'scored': 'success'}",
        "True {'owner': 'ann'} {'pii': False}",
        "[('unique', 'pass')] 1",
        "[('raw', 'built', None), ('raw', 'payments', 'warn')]",
        "[('unique', 'pass')]",
        "[('orders', 'amount', 'id')]",
    ], ended


def test_arguments_are_what_the_script_is_bound_with(run: Run) -> None:
    text = "print(context.arguments)"

    assert run(text, arguments={"threshold": 0.5}).output == "{'threshold': 0.5}\n"
    assert run(text).output == "{}\n"


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("ref('orders')", "[[1,2.5],[2,null]]"),
        ("ref('shop', 'orders')", "[[1,2.5],[2,null]]"),
        ("ref('customers')", "[[1]]"),
        ("ref('customers', v=2)", "[[2]]"),
        ("ref('shop', 'customers', version=2)", "[[2]]"),
        ("source('raw', 'payments')", '[[7,"card"]]'),
    ],
)
def test_what_dbt_knows_can_be_read(run: Run, call: str, shown: str) -> None:
    ended = run(f"print({call}.to_json(orient='values'))")

    assert ended.output == shown + "\n", ended


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ref('closed')", "model 'closed' is disabled; enable it in its config"),
        ("ref('stripe', 'orders')", "there is no model 'stripe.orders' in the project"),
        (
            "ref('customers', v=3)",
            "there is no model 'customers' (version 3) in the project",
        ),
        ("ref()", "ref() takes a model's name, or a package's and a model's"),
        (
            "source('raw', 'payment')",
            "there is no source 'raw.payment' in the project; did you mean 'raw.pay",
        ),
    ],
)
def test_what_dbt_does_not_know_is_refused(run: Run, call: str, message: str) -> None:
    assert run(call).message.startswith(f"aft.Error: {message}")


def test_the_context_knows_no_node_that_is_none(run: Run) -> None:
    ended = run("print(context.current_model)", node="macro.shop.none")

    assert ended.output == "None\n"
