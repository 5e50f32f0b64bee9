# SPDX-License-Identifier: Apache-2.0
"""A Python model of dbt's own form runs on any warehouse, with each version of dbt."""

from __future__ import annotations

import pytest

from tests.matrix.chain import add_model, line
from tests.matrix.test_versions import count
from tests.support.project import Project

MODEL = """
def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="id", alias="bought")
    rows = dbt.ref("parent").to_pandas()
    if dbt.is_incremental:
        top = session.sql(f"select max(id) as id from {dbt.this}")["id"][0]
        rows["id"] += top
    return rows
"""


@pytest.mark.adapters("mysql", "postgres", "sqlite")
def test_a_function_is_a_model_that_adds_to_its_table(chains: Project) -> None:
    add_model(chains, "parent", query="select 1 as id union all select 2 as id")
    add_model(chains, "child", query="select * from {{ ref('purchases') }} as bought")
    chains.write("fal_models/purchases.py", MODEL)

    for rows in (2, 4):
        run = chains.aft("dbt", "run")

        assert run.exit_code == 0, run.output
        ran = run.line("OK ran script fal_models/purchases.py after purchases")
        assert line(run, "OK created", "parent") < ran < line(run, "START", "child")
        assert count(chains, "bought") == count(chains, "child") == rows
