# SPDX-License-Identifier: Apache-2.0
"""DuckDB, which dbt's own process lends to scripts, with each dbt."""

from __future__ import annotations

import pytest

from tests.matrix.chain import add_model
from tests.support.project import Project

WRITES = """
import pandas as pd
write_to_model(ref("one").assign(day=pd.Timestamp("2024-02-29")))
write_to_model(pd.DataFrame({"id": [2]}), mode="append")
"""
CHECKS = 'assert sorted(ref("written").id) == [1, 2]\nassert len(ref("one")) == 1'


@pytest.mark.adapters("duckdb")
def test_scripts_read_and_write_by_dbts_own_connection(chains: Project) -> None:
    add_model(chains, "one")
    query = "select * from {{ this }}"
    add_model(chains, "written", "one", after=WRITES, query=query, materialized="ephemeral")
    add_model(chains, "below", "written", before=CHECKS, after=CHECKS)

    for _ in range(2):
        run = chains.aft("dbt", "run")

        assert run.exit_code == 0, run.output
        assert run.output.count("OK ran script") == 3
