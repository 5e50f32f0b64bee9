# SPDX-License-Identifier: Apache-2.0
"""dbt's own form of a Python model, as its script runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.python_runtime import shop
from tests.unit.python_runtime.worker import Ended, Worker

FILE = "fal_models/scored.py"
ADD = """
def model(dbt, session):
    dbt.config(materialized="incremental"{more})
    rows = dbt.ref("orders")[["id"]]
    if dbt.is_incremental:
        rows["id"] += session.sql(f"select max(id) as m from {{dbt.this}}")["m"][0] {step}
    print(context.current_model.is_incremental)
    return rows
"""


@pytest.fixture
def run_model(worker: Worker, project: Path) -> Any:
    """Run the text of a Python model, that of the ephemeral `scored`."""

    def run(text: str, materialized: str = "") -> Ended:
        shop.write_files(project, {FILE: text})
        manifest = project / "target" / "manifest.json"
        content = json.loads(manifest.read_text())
        settings = {"path": FILE, "function": "model"}
        if materialized:
            settings["materialized"] = materialized
        config = content["nodes"]["model.shop.scored"]["config"]
        config["meta"] = {**config["meta"], "aft_model": settings}
        changed = project / "changed.json"
        changed.write_text(json.dumps(content))
        worker.use_manifest(changed)
        return worker.run(project / FILE, "model.shop.scored", name=FILE)

    return run


def test_the_frame_that_a_model_returns_is_written(run_model: Any, project: Path) -> None:
    text = """
        def model(dbt, session):
            dbt.config(materialized="table", threshold=1)
            rows = dbt.ref("orders")
            assert "scored" in str(dbt.this)
            assert dbt.config.get("threshold") == 1
            assert dbt.config.get("owner") == "ann"
            assert dbt.config.get("none", 7) == 7
            assert dbt.config.get("materialized") == "table"
            assert not dbt.is_incremental
            payments = dbt.source("raw", "payments")
            for frame in (rows, payments, session.sql("select * from orders")):
                for plain in (frame.to_pandas(), frame.toPandas(), frame.df()):
                    assert type(plain).__name__ == "DataFrame" and len(plain) == len(frame)
            return rows[rows.id > 1].to_pandas()[["id"]]
    """

    ended = run_model(text)

    assert ended.message == ""
    assert shop.rows(project, "select id from scored") == [(2,)]


def test_an_incremental_model_adds_to_its_rows(run_model: Any, project: Path) -> None:
    text = ADD.format(more="", step="")

    assert "False" in run_model(text, "incremental").output
    again = run_model(text, "incremental")

    assert "True" in again.output
    assert again.appended
    assert shop.rows(project, "select id from scored") == [(1,), (2,), (3,), (4,)]


def test_an_incremental_model_with_a_key_replaces_rows(run_model: Any, project: Path) -> None:
    text = ADD.format(more=', unique_key="id"', step="- 1")

    run_model(text, "incremental")
    again = run_model(text, "incremental")

    assert again.message == ""
    assert shop.rows(project, "select id from scored") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("session.table('orders')", "there is no session.table, which needs Snowpark or"),
        ("pass", "model() has returned no frame"),
        ("return 1", "a frame is needed"),
    ],
)
def test_what_a_model_cannot_do_is_said(run_model: Any, text: str, message: str) -> None:
    ended = run_model(f"def model(dbt, session):\n    {text}\n")

    assert message in ended.message
