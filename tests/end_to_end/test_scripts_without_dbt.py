# SPDX-License-Identifier: Apache-2.0
"""`aft run` runs scripts without dbt: by the last run, by a selection or by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.project import Project

NOTE = "open('ran', 'a').write('{} ')\nprint('status', context.current_model.status)\n"
SETTINGS = {
    "scripts": {"before": ["scripts/load.py"], "after": ["scripts/note.py"]},
    "pre-hook": ["scripts/pre.py"],
    "post-hook": ["scripts/post.py"],
}


def bind(project: Project) -> None:
    """orders has scripts and hooks; predict.py and check.py are below it, in this order."""
    for name in ("load", "note", "predict", "check", "pre", "post"):
        project.write(f"scripts/{name}.py", NOTE.format(name))
    project.bind("orders", [], {"fal": SETTINGS})
    project.bind("customers_predicted_ltvs", ["scripts/predict.py"], writes="optional")
    project.bind("fct_customers", ["scripts/check.py"])


def ran(project: Project) -> str:
    """The scripts that have run since the last call, in their order."""
    file = project.folder / "ran"
    text = file.read_text().strip() if file.exists() else ""
    file.unlink(missing_ok=True)
    return text


def mark(project: Project, **statuses: str) -> None:
    """Let dbt's results of the last run be these."""
    file = project.folder / "target" / "run_results.json"
    document = json.loads(file.read_text())
    for entry in document["results"]:
        entry["status"] = statuses.get(entry["unique_id"].split(".")[-1], "skipped")
    file.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def noted(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose tests leave nothing behind but results of scripts."""
    project = Project.copy(built, tmp_path_factory.mktemp("noted") / "project")
    bind(project)
    return project


@pytest.mark.parametrize(
    ("words", "scripts"),
    [
        ("", "post note predict"),
        ("--all --script note.py --scripts load.py scripts/check.py", "note check"),
        ("--before -m customers orders", "load pre"),
        ("-s load.py", "load"),
        ("-s note.py+ --exclude tag:none,orders", "note predict check"),
    ],
)
def test_scripts_run_without_dbt(noted: Project, words: str, scripts: str) -> None:
    mark(noted, orders="error")
    before = (noted.folder / "target" / "run_results.json").read_bytes()

    run = noted.aft("run", *words.split())

    assert run.exit_code == 0, run.output
    assert ran(noted) == scripts, run.output
    assert (noted.folder / "target" / "run_results.json").read_bytes() == before
    entries = noted.results(name="scripts.json")
    assert [entry["status"] for entry in entries] == ["success"] * len(scripts.split())
    if "post" in scripts:
        assert "scripts/post.py | status error" in run.output


def test_what_is_not_run_is_said(noted: Project) -> None:
    run = noted.aft("run", "--all", "--scripts", "loda.py")
    assert run.exit_code == 2
    assert (
        "aft: cannot run 'loda.py': no node has a script of this name; did you mean"
        in run.output
    )

    run = noted.aft("run", "--all", "--exclude", "orders")
    assert run.exit_code == 2
    assert "aft: '--all' takes the scripts of all nodes, so it cannot be used" in run.output

    run = noted.aft("run", "-s", "nota.py")
    assert run.exit_code == 2
    assert "nota.py" in run.output
    assert "did you mean 'note.py'?" in run.output

    run = noted.aft("run", "--target-path", "nowhere")
    assert run.exit_code == 2
    assert "there is no '" in run.output
    assert "nowhere/run_results.json' of an earlier dbt run" in run.output
    assert ran(noted) == ""
