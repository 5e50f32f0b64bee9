# SPDX-License-Identifier: Apache-2.0
"""DuckDB: scripts run in their place, but its data are dbt's alone."""

from __future__ import annotations

import pytest

from tests.matrix.chain import add_model
from tests.support.project import Project

REFUSAL = (
    "aft.Error: cannot reach the data of target 'dev': the DuckDB file 'shop.duckdb' admits "
    "one process at a time, and dbt's own holds it; let scripts read and write on a target "
    "of another type"
)
WRITES = "import pandas as pd\nwrite_to_model(pd.DataFrame({'a': [1]}))"


@pytest.mark.adapters("duckdb")
def test_a_script_that_wants_data_is_told_why_it_cannot_have_them(chains: Project) -> None:
    add_model(chains, "reader", after="print('here')\nref('reader')")
    add_model(chains, "writer", after=WRITES, materialized="ephemeral")
    add_model(chains, "of_writer", "writer")
    add_model(chains, "alone", after="pass")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    expected = {"reader": "error", "of_writer": "skipped", "alone": "success"}
    assert chains.statuses() == expected
    assert chains.script_statuses()["after_alone.py"] == "success"
    assert "after_reader.py | here" in run.output
    messages = {entry["path"]: entry["message"] for entry in chains.results()}
    for path in ("after_reader.py", "after_writer.py"):
        assert messages[path].startswith(REFUSAL)
        assert messages[path].endswith(f"({path}:2)")
