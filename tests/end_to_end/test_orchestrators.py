# SPDX-License-Identifier: Apache-2.0
"""Programs that call dbt themselves run scripts as well if they call aft-dbt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix.chain import add_model
from tests.support.programs import AFT_DBT, JAFFLE_SHOP, REPOSITORY
from tests.support.project import Project, Run

ENVIRONMENT = REPOSITORY / ".matrix" / "orchestrators"

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(
        not ENVIRONMENT.exists(),
        reason="no orchestrator is installed; run packaging/test --matrix",
    ),
]

# Builds all assets of the project, and prints which of them are there now.
DAGSTER = """
import dagster
from dagster_dbt import DbtCliResource, dbt_assets

@dbt_assets(manifest="{folder}/target/manifest.json")
def models(context, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()

dbt = DbtCliResource(
    project_dir="{folder}", profiles_dir="{folder}", dbt_executable="{program}"
)
done = dagster.materialize([models], resources={{"dbt": dbt}}, raise_on_error=False)
built = sorted(e.asset_key.path[-1] for e in done.get_asset_materialization_events())
print("built", *built, "and", "succeeded" if done.success else "failed")
"""
# Airflow takes a file for one with a DAG only if it names airflow.
COSMOS = """
import airflow
from datetime import datetime
from cosmos import DbtDag, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode, LoadMode

calls = {{
    "dbt_executable_path": "{program}", "invocation_mode": InvocationMode.SUBPROCESS
}}
dag = DbtDag(
    dag_id="models",
    project_config=ProjectConfig("{folder}"),
    profile_config=ProfileConfig(
        "jaffle_shop", "dev", profiles_yml_filepath="{folder}/profiles.yml"
    ),
    execution_config=ExecutionConfig(**calls),
    render_config=RenderConfig(
        load_method=LoadMode.DBT_LS, ephemeral_models_as_empty_operator=False, **calls
    ),
    operator_args={{"install_deps": False}},
    schedule=None,
    start_date=datetime(2026, 1, 1),
)
"""
WRITES = "import pandas as pd\nwrite_to_model(ref('parent').assign(id=2))"


@pytest.fixture
def chain(tmp_path: Path) -> Project:
    """A model, a placeholder whose script reads it, and a child of that."""
    project = Project(tmp_path / "chain")
    project.write("dbt_project.yml", "{name: chain, profile: jaffle_shop}\n")
    project.write("profiles.yml", (JAFFLE_SHOP / "profiles.yml").read_text())
    project.write("models/schema.yml", "models: []")
    add_model(project, "parent")
    of_script = "select * from {{ this }}"
    add_model(
        project, "scored", "parent", after=WRITES, query=of_script, materialized="ephemeral"
    )
    add_model(project, "child", query="select * from {{ ref('scored') }}")
    project.program = ENVIRONMENT / "bin" / "dbt"
    assert project.dbt("parse").exit_code == 0
    return project


def run_program(project: Project, *words: str, patience: float = 120) -> Run:
    """Run a program of the environment in the project."""
    environment = {
        "VIRTUAL_ENV": str(ENVIRONMENT),
        "JAFFLE_SHOP_FOLDER": str(project.folder),
        "AIRFLOW_HOME": str(project.folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "SCARF_NO_ANALYTICS": "true",
    }
    program = str(ENVIRONMENT / "bin" / words[0])
    return project.run(program, *words[1:], environment=environment, patience=patience)


def run_under_dagster(project: Project) -> Run:
    program = DAGSTER.format(folder=project.folder, program=AFT_DBT)
    project.write("assets.py", program)
    return run_program(project, "python", "assets.py")


def test_dagster_builds_on_what_a_script_writes(chain: Project) -> None:
    run = run_under_dagster(chain)

    assert "built child parent and succeeded" in run.output, run.output
    assert chain.query("select id from child") == [(2,)]


def test_dagster_shows_why_a_script_failed(chain: Project) -> None:
    chain.write("after_scored.py", "raise ValueError('no scores today')\n")

    run = run_under_dagster(chain)

    assert "built parent and failed" in run.output, run.output
    assert "no scores today" in run.output


def test_cosmos_runs_each_script_in_the_task_of_its_model(chain: Project) -> None:
    file = COSMOS.format(folder=chain.folder, program=AFT_DBT)
    chain.write("airflow/dags/models.py", file)
    for words in (("db", "migrate"), ("dags", "reserialize")):
        assert run_program(chain, "airflow", *words).exit_code == 0

    run = run_program(chain, "airflow", "dags", "test", "models", patience=300)

    assert run.exit_code == 0, run.output
    assert "Scripts: PASS=1" in run.output
    assert chain.query("select id from child") == [(2,)]
