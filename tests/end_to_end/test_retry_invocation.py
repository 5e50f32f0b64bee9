# SPDX-License-Identifier: Apache-2.0
"""`aft dbt retry` calls scripts as the run that it repeats was called, as dbt does."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.support.project import Project

FAILS = "import os\nassert os.path.exists('mended')\n"
# Writes what the script is told of its run.
WRITES = """
import json, os
import pandas as pd
told = {"target": context.target.name, "threads": context.target.threads}
told["rows"] = len(ref("numbers"))
open("told", "w").write(json.dumps(told))
write_to_model(pd.DataFrame({"id": [1]}))
"""
EPHEMERAL = "{{ config(materialized='ephemeral') }} select * from {{ this }}"


@pytest.fixture(params=["live", "staged"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(project: Project) -> Project:
    """A placeholder with a script, and a table that is built from it."""
    shutil.rmtree(project.folder / "models")
    project.write("models/schema.yml", "models: []")
    project.write("models/numbers.sql", "select 1 as id union all select 2")
    project.write("models/scored.sql", EPHEMERAL + " -- {{ ref('numbers') }}")
    project.write("models/report.sql", "select * from {{ ref('scored') }}")
    return project


def told(project: Project) -> dict[str, object]:
    """What the script was told of its run."""
    content: dict[str, object] = json.loads((project.folder / "told").read_text())
    return content


def test_all_is_as_in_the_run_repeated_but_for_what_dbt_takes_anew(
    project: Project, mode: str
) -> None:
    project.write("elsewhere/score.py", FAILS + WRITES)
    project.bind("scored", ["score.py"])
    called = ["--target", "other", "--vars", "{fal-scripts-path: elsewhere}", "--empty"]
    run = project.aft("dbt", "run", *called, "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    before = project.relations()

    project.write("mended", "")
    # dbt takes the number of threads from this command line, and no target.
    typed = ["--target", "dev", "--threads", "2", "--aft-mode", mode]
    retry = project.aft("dbt", "retry", *typed)

    assert retry.exit_code == 0, retry.output
    assert told(project) == {"target": "other", "threads": 2, "rows": 0}
    assert {"scored", "report"} <= project.relations("other.db")
    assert project.relations() == before


def test_a_run_of_which_it_is_not_known_how_it_was_called(project: Project, mode: str) -> None:
    project.bind("scored", [str(project.write("score.py", WRITES).name)])
    schema = "https://schemas.getdbt.com/dbt/run-results/v6.json"
    metadata = {"dbt_schema_version": schema}
    results = {"metadata": metadata, "results": [], "elapsed_time": 0, "args": {}}
    project.write("target/run_results.json", json.dumps(results))

    retry = project.aft("dbt", "retry", "--aft-mode", mode)

    assert retry.exit_code == 2, retry.output
    assert "does not say how the run was called" in retry.output
    assert not (project.folder / "told").exists()
