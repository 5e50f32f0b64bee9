# SPDX-License-Identifier: Apache-2.0
"""Scripts are selected and excluded by their names, with dbt's graph operators."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.example import SCRIPT
from tests.support.project import STAGED, Project

MODES = pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
SCRIPTS = {
    "scripts/load.py": "load",
    "scripts/note.py": "note",
    "scripts/check.py": "check",
}


@pytest.fixture(scope="module")
def scripted(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """load.py → orders → note.py, check.py → customers_predicted_ltvs → SCRIPT."""
    project = Project.copy(built, tmp_path_factory.mktemp("scripted") / "project")
    for path, name in SCRIPTS.items():
        project.write(path, f"open('ran', 'a').write('{name} ')\n")
    script = (project.folder / SCRIPT).read_text()
    project.write(SCRIPT, script + "\nopen('ran', 'a').write('predict ')\n")
    load, note, check = SCRIPTS
    project.bind("orders", {"before": [load], "after": [note, check]})
    return project.folder


@pytest.fixture
def project(scripted: Path, tmp_path: Path) -> Project:
    """A project of the test's own, whose results are those of an earlier run."""
    project = Project.copy(scripted, tmp_path / "project")
    (project.folder / "ran").unlink(missing_ok=True)
    return project


def ran(project: Project) -> list[str]:
    """The scripts that have run, in their order."""
    file = project.folder / "ran"
    return file.read_text().split() if file.exists() else []


def statuses_of_scripts_alone(project: Project) -> dict[str, str]:
    """The status of each script of the last run without dbt."""
    entries = project.results(name="scripts.json")
    return {entry["path"]: entry["status"] for entry in entries}


@MODES
@pytest.mark.parametrize(
    ("words", "models", "scripts"),
    [
        ("-s orders --exclude load.py scripts/check.py", ["orders"], ["note"]),
        ("-s load.py+1 stg_payments", ["orders", "stg_payments"], ["load"]),
        ("-m 1+note.py,orders+ --exclude tag:none", ["orders"], ["note"]),
    ],
)
def test_a_selection_takes_scripts_and_nodes(
    project: Project, mode: tuple[str, ...], words: str, models: list[str], scripts: list[str]
) -> None:
    run = project.aft("dbt", "run", *words.split(), *mode)

    assert run.exit_code == 0, run.output
    assert ran(project) == scripts
    assert sorted(project.statuses()) == models
    paths = {path.split("/")[-1][:-3] for path in project.script_statuses()}
    assert paths == set(scripts)
    assert "SKIP script" not in run.output


SELECTORS = """
selectors:
  - {name: base, definition: {method: tag, value: none}}
  - name: nightly
    default: true
    definition:
      union:
        - "{{ env_var('FIRST', 'load.py') }}+1"
        - stg_payments
        - {method: file, value: note.py, parents: true, parents_depth: 1}
        - {method: selector, value: base}
        - exclude: [scripts/check.py]
  - {name: plain, definition: {union: [orders, {exclude: [tag:none]}]}}
  - {name: misspelt, definition: "+scripts/nite.py"}
  - name: nested
    definition:
      union:
        - note.py
        - {method: selector, value: plain}
  - name: cautious
    definition: {union: [note.py, {method: tag, value: a, indirect_selection: cautious}]}
"""


@pytest.mark.parametrize(
    "words", [("--selector", "nightly"), STAGED], ids=["by name", "by default"]
)
def test_selectors_of_a_file_take_scripts_and_nodes(
    project: Project, words: tuple[str, ...]
) -> None:
    project.write("selectors.yml", SELECTORS)

    run = project.aft("dbt", "run", *words)

    assert run.exit_code == 0, run.output
    assert ran(project) == ["load", "note"]
    assert sorted(project.statuses()) == ["orders", "stg_payments"]


def test_selectors_of_a_file_that_options_cannot_say_are_refused(project: Project) -> None:
    project.write("selectors.yml", SELECTORS)
    refused = {
        "misspelt": "cannot select '+scripts/nite.py': no script of this run and no file of "
        "dbt has this name; did you mean 'scripts/note.py'?",
        "nested": "cannot use the selector 'nested' of selectors.yml with names of scripts: "
        "it has an 'exclude' that counts for a part of a union only",
        "cautious": "cannot use the selector 'cautious' of selectors.yml with names of "
        "scripts: its parts differ in 'indirect_selection'",
    }
    for name, problem in refused.items():
        run = project.aft("dbt", "build", "--selector", name)
        assert (run.exit_code, run.output) == (2, f"aft: {problem}\n")


@MODES
def test_a_script_runs_before_what_is_below_it_without_its_node(
    project: Project, mode: tuple[str, ...]
) -> None:
    run = project.aft("dbt", "build", "--select", f"{SCRIPT}+", "note.py", *mode)

    assert run.exit_code == 0, run.output
    assert sorted(ran(project)) == ["note", "predict"]
    tests = [name for name in project.statuses() if name != "fct_customers"]
    assert len(tests) == 2
    assert run.line("OK ran script " + SCRIPT) < run.line("START sql table model")
    assert "model main.orders" not in run.output


@MODES
def test_a_script_alone_runs_without_dbt(project: Project, mode: tuple[str, ...]) -> None:
    target = project.folder / "target"
    results = [target / "run_results.json", target / "aft" / "results.json"]
    results[0].write_text(results[0].read_text().replace('"success"', '"skipped"'))
    before = [file.read_bytes() for file in results]
    project.write("scripts/note.py", "print('status', context.current_model.status)\n")

    run = project.aft("dbt", "run", "-s", "note.py", *mode)

    assert run.exit_code == 0, run.output
    assert statuses_of_scripts_alone(project) == {"scripts/note.py": "success"}
    assert [file.read_bytes() for file in results] == before
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output
    assert "status skipped" in run.output

    project.write("scripts/note.py", "1 / 0\n")
    run = project.aft("dbt", "run", "-s", "note.py", *mode)
    assert run.exit_code == 1
    assert statuses_of_scripts_alone(project) == {"scripts/note.py": "error"}
    assert [file.read_bytes() for file in results] == before


def test_scripts_of_any_kind_that_sql_binds_have_names(project: Project) -> None:
    script = project.write("scripts/run.sh", "#!/bin/sh\nprintf 'shell ' >> ran\n")
    script.chmod(0o755)
    binding = "{{ config(meta={'aft': {'scripts': ['scripts/run.sh']}}) }}\n"
    project.write("models/bound.sql", binding + "select 1 as n\n")

    run = project.aft("dbt", "run", "-s", "bound", "--exclude", "run.sh")
    assert run.exit_code == 0, run.output
    assert list(project.statuses()) == ["bound"]
    assert ran(project) == []

    run = project.aft("dbt", "run", "-s", "run.sh")
    assert run.exit_code == 0, run.output
    assert ran(project) == ["shell"]


def test_what_cannot_be_selected_is_refused_or_said(project: Project) -> None:
    run = project.aft("dbt", "run", "-s", "@note.py+")
    assert run.exit_code == 2
    assert "aft: cannot select '@note.py+': '@' before and '+' after a name" in run.output

    run = project.aft("dbt", "run", "-s", "note.py", "--selector", "nightly")
    assert run.exit_code == 2
    assert "aft: cannot select 'note.py' beside '--selector'" in run.output

    run = project.aft("dbt", "run", "-s", "+scripts/nite.py,orders")
    assert run.exit_code == 2
    assert run.output == (
        "aft: cannot select '+scripts/nite.py': no script of this run and no file of dbt has "
        "this name; did you mean 'scripts/note.py'?\n"
    )

    run = project.aft("dbt", "run", "-s", "note.py", "--exclude", "note.py")
    assert run.exit_code == 0
    assert "Nothing to do: the selection has neither a node nor a script." in run.output
    assert ran(project) == []


def test_dbt_selects_what_it_would_select_by_itself(project: Project) -> None:
    """What dbt is given in place of script names has the same nodes as the graph says."""
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
    parents = manifest["parent_map"]
    model = "model.jaffle_shop."

    excluded = ("load.py", "chekc.py+")
    run = project.aft("dbt", "build", "-s", "+note.py", "--exclude", *excluded)
    assert run.exit_code == 0, run.output
    assert "aft: warning: --exclude chekc.py+ excludes nothing: no script" in run.output
    above = {model + "orders"}
    while more := {parent for node in above for parent in parents[node]} - above:
        above |= more
    assert set(project.run_results()) == above
    assert ran(project) == ["note"]


def test_a_list_has_the_nodes_of_a_selection(project: Project) -> None:
    said = "aft: scripts are not listed, because dbt lists nodes only\n"

    run = project.aft(
        "dbt", "ls", "--quiet", "-m", "load.py+1", "stg_orders", "--exclude", SCRIPT
    )
    assert run.exit_code == 0
    nodes = "jaffle_shop.orders\njaffle_shop.staging.stg_orders\n"
    assert run.output == said + nodes

    run = project.aft("dbt", "ls", "-s", "load.py")
    assert (run.exit_code, run.output) == (0, said)

    run = project.aft("dbt", "ls", "-s", "laod.py")
    assert run.exit_code == 2
    assert run.output.endswith("did you mean 'load.py'?\n")


@MODES
def test_a_retry_takes_the_same_scripts(project: Project, mode: tuple[str, ...]) -> None:
    project.write("scripts/check.py", "1 / 0\n")
    run = project.aft("dbt", "run", "--select", "orders", "--exclude", "load.py", *mode)
    assert run.exit_code == 1
    project.write("scripts/check.py", "open('ran', 'a').write('check ')\n")

    run = project.aft("dbt", "retry", *mode)

    assert run.exit_code == 0, run.output
    assert ran(project) == ["note", "note", "check"]


@MODES
def test_a_retry_repeats_scripts_without_their_node(
    project: Project, mode: tuple[str, ...]
) -> None:
    script = project.folder / "scripts" / "note.py"
    text = script.read_text()
    script.write_text("1 / 0\n")
    run = project.aft("dbt", "run", "--select", "note.py+", *mode)
    assert run.exit_code == 1
    assert project.statuses() == {"fct_customers": "skipped"}
    run = project.aft("dbt", "retry", *mode)
    assert run.exit_code == 1
    assert "Completed with 1 error" in run.output
    assert run.output.count("Failure in model orders (models/orders.sql)") == 1
    assert project.statuses() == {"fct_customers": "skipped"}
    script.write_text(text)

    run = project.aft("dbt", "retry", *mode)

    assert run.exit_code == 0, run.output
    assert ran(project) == ["note", "predict"]
    assert project.statuses() == {"fct_customers": "success"}


@MODES
def test_under_flow_run_operators_have_to_reach_scripts(
    project: Project, mode: tuple[str, ...]
) -> None:
    run = project.aft("flow", "run", "-s", "orders", *mode)
    assert run.exit_code == 0, run.output
    assert list(project.statuses()) == ["orders"]
    assert ran(project) == []

    run = project.aft("flow", "run", "-s", "1+orders", *mode)
    assert run.exit_code == 0, run.output
    assert len(project.statuses()) == 3
    assert ran(project) == ["load"]
