# SPDX-License-Identifier: Apache-2.0
"""dbt's own options mean what they mean under plain dbt."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.example import SCRIPT, STAGING, put_among_models
from tests.support.project import STAGED, Project


@pytest.mark.parametrize(
    ("selection", "models"),
    [
        ("--select +customers", ["customers", "stg_customers", "stg_orders"]),
        ("--exclude customers_predicted_ltvs+", ["customers", "orders", *STAGING]),
    ],
)
def test_scripts_of_nodes_that_are_not_selected_do_not_run(
    shop: Project, selection: str, models: list[str]
) -> None:
    shutil.rmtree(shop.folder / "target" / "aft")
    shop.write(SCRIPT, "open('touched', 'w')\n")

    run = shop.aft("dbt", "run", *selection.split())

    assert run.exit_code == 0, run.output
    assert sorted(shop.statuses()) == models
    assert not (shop.folder / "touched").exists()
    assert shop.results() == []


@pytest.mark.parametrize(
    "selection",
    [
        ["-m", "customers_predicted_ltvs", "stg_orders"],
        ["--exclude", "fct_customers"],
    ],
)
def test_scripts_of_selected_nodes_run(project: Project, selection: list[str]) -> None:
    project.write(SCRIPT, "open('touched', 'w')\n")
    project.bind("customers_predicted_ltvs", [SCRIPT], writes="optional")

    run = project.aft("dbt", "run", *selection)

    assert run.exit_code == 0, run.output
    assert (project.folder / "touched").exists()


def test_target_decides_on_the_database(project: Project) -> None:
    shutil.copy(project.folder / "jaffle_shop.db", project.folder / "other.db")

    run = project.aft("dbt", "run", "--target", "other")

    assert run.exit_code == 0, run.output
    assert len(project.query("select * from customers_predicted_ltvs", "other.db")) == 100
    assert "customers_predicted_ltvs" not in project.relations("jaffle_shop.db")


MOVE = """
import beside
open('moved', 'w').write(f"{beside.X} {context.vars['fal-scripts-path']}")
"""


def test_vars_reach_the_profile_the_script_and_its_path(project: Project) -> None:
    project.write("elsewhere/move.py", MOVE)
    project.write("elsewhere/beside.py", "X = 'found'\n")
    project.write("models/moved.sql", "select 1 as id")
    project.bind("moved", ["move.py"])
    variables = "{fal-scripts-path: elsewhere}"

    without = project.aft("dbt", "run", "--select", "moved")
    given = project.aft("dbt", "run", "--select", "moved", "--vars", variables)

    assert without.exit_code == 2
    # The other script's path is relative to the same folder, so it is not found now.
    assert f"script '{SCRIPT}' does not exist" in given.output
    shutil.copytree(project.folder / "scripts", project.folder / "elsewhere" / "scripts")
    given = project.aft("dbt", "run", "--select", "moved", "--vars", variables)
    assert given.exit_code == 0, given.output
    assert (project.folder / "moved").read_text() == "found elsewhere"


def test_scripts_of_independent_nodes_run_at_the_same_time(project: Project) -> None:
    # Each waits for the other's file: one after the other they would never end.
    for name, other in (("left", "right"), ("right", "left")):
        project.write(f"models/{name}.sql", "{{ config(materialized='ephemeral') }} select 1")
        project.write(
            f"scripts/{name}.py",
            f"""
import os, time
open("{name}.here", "w")
deadline = time.monotonic() + 30
while not os.path.exists("{other}.here"):
    assert time.monotonic() < deadline, "the other script did not start"
    time.sleep(0.01)
""",
        )
        project.bind(name, [f"scripts/{name}.py"])

    run = project.aft("dbt", "run", "--select", "left", "right", "--threads", "2")

    assert run.exit_code == 0, run.output
    assert {entry["status"] for entry in project.results()} == {"success"}


@pytest.mark.parametrize("form", ["joined", "variable"])
def test_project_profiles_and_target_folder_may_be_elsewhere(
    project: Project, tmp_path: Path, form: str
) -> None:
    profiles = tmp_path / "pro files"
    profiles.mkdir()
    (project.folder / "profiles.yml").rename(profiles / "profiles.yml")
    folders = {"project-dir": str(project.folder), "profiles-dir": str(profiles)}
    arguments, environment = [], {}
    for name, folder in folders.items():
        if form == "joined":
            arguments += [f"--{name}={folder}"]
        else:
            environment["DBT_" + name.upper().replace("-", "_")] = folder
    # One that is relative is so to the project.
    target = str(tmp_path / "out put") if form == "joined" else "out put"
    arguments += ["--target-path", target]

    run = project.aft("dbt", "run", *arguments, cwd=tmp_path, environment=environment)

    assert run.exit_code == 0, run.output
    assert len(project.query("select * from fct_customers")) == 100
    assert [entry["status"] for entry in project.results(target)] == ["success"]
    assert (project.folder / target / "manifest.json").exists()


def test_a_folder_below_the_project_will_do(project: Project) -> None:
    put_among_models(project)
    run = project.aft("dbt", "run", "--profiles-dir", "..", cwd=project.folder / "models")

    assert run.exit_code == 0, run.output
    assert (project.folder / ".dbtignore").exists()


def test_results_of_an_earlier_run_do_not_stay(shop: Project) -> None:
    assert shop.results() != []

    shop.aft("dbt", "run", "--select", "stg_orders")

    assert shop.results() == []


SELECTORS = """
selectors:
  - name: changed
    definition: {method: state, value: modified, children: true}
"""


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_a_changed_module_of_a_script_modifies_its_node(
    shop: Project, mode: tuple[str, ...]
) -> None:
    (shop.folder / "target").rename(shop.folder / "prod")
    shop.write("selectors.yml", SELECTORS)
    state = ("--state", "prod", *mode)

    run = shop.aft("dbt", "build", "--select", "state:modified+", *state)
    assert run.exit_code == 0, run.output
    assert "does not match any enabled nodes" in run.output
    assert "do not count as modified" not in run.output

    with (shop.folder / "scripts" / "ltv_forecast.py").open("a") as module:
        module.write("# changed\n")
    if mode:
        run = shop.aft("run", "--selector", "changed", "--state", "prod")
        assert run.exit_code == 0, run.output
        assert f"OK ran script {SCRIPT}" in run.output
        selection = ("--select", "state:modified+")
    else:
        run = shop.aft("dbt", "ls", "--exclude", "state:unmodified", "--quiet", *state)
        assert run.output == "jaffle_shop.customers_predicted_ltvs\n"
        selection = ("--selector", "changed")
    run = shop.aft("dbt", "run", *selection, *state)
    assert run.exit_code == 0, run.output
    assert list(shop.statuses()) == ["fct_customers"]
    assert f"OK ran script {SCRIPT}" in run.output

    # It has kept what the scripts are now, beside the manifest of now.
    run = shop.aft("dbt", "ls", "--select", "state:modified", "--state", "target", *mode)
    assert run.exit_code == 0, run.output
    assert "No nodes selected" in run.output
    assert "do not count as modified" not in run.output


def test_build_runs_scripts_before_the_tests_of_their_node(project: Project) -> None:
    project.write("scripts/note.py", "open('noted', 'w')\n")
    project.bind("fct_customers", ["scripts/note.py"])

    run = project.aft("dbt", "build", "--select", "+fct_customers")

    assert run.exit_code == 0, run.output
    ran = run.line("OK ran script scripts/note.py")
    assert run.line("OK created sql table model main.fct_customers") < ran
    assert ran < run.line("START test unique_fct_customers_customer_id")
