# SPDX-License-Identifier: Apache-2.0
"""Scripts at the top of a schema file run before the first node and after the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.project import STAGED, Project
from tests.support.server_project import ServerProject

SCHEMA = """
fal:
  scripts:
    before: [scripts/first.py]
    after:
      - path: scripts/last.py
        timeout: 5m
"""
FIRST = "open('ran', 'a').write('first ')\nprint('model', context.current_model)\n"
LAST = """
open('ran', 'a').write('last ')
print('rows', len(ref('stg_customers')), 'of', len(list_models()) > 5)
try:
    write_to_model(ref('stg_customers'))
except Exception as error:
    print(error)
"""
NODES = ("-s", "stg_customers")


@pytest.fixture
def project(seeded: Path, tmp_path: Path) -> Project:
    project = Project.copy(seeded, tmp_path / "project")
    project.write("models/run.yml", SCHEMA)
    project.write("scripts/first.py", FIRST)
    project.write("scripts/last.py", LAST)
    return project


def ran(project: Project) -> list[str]:
    """The scripts that have run, in their order."""
    file = project.folder / "ran"
    return file.read_text().split() if file.exists() else []


@pytest.mark.parametrize(
    ("database", "mode"), [("sqlite", ()), ("sqlite", STAGED), ("postgres", ())]
)
def test_globals_run_around_the_nodes(
    project: Project,
    request: pytest.FixtureRequest,
    database: str,
    mode: tuple[str, ...],
) -> None:
    if database == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        project = ServerProject.moved(server, project.folder)
        assert project.dbt("seed").exit_code == 0

    run = project.aft("flow", "run", *NODES, "--globals", *mode)

    assert run.exit_code == 0, run.output
    assert ran(project) == ["first", "last"]
    first = run.line("OK ran script scripts/first.py before the run")
    node = run.line("START sql")
    assert first < node < run.line("START script scripts/last.py after the run")
    assert "scripts/first.py | model None" in run.output
    assert "scripts/last.py | rows 100 of True" in run.output
    assert "but 'scripts/last.py' runs for the whole run" in run.output
    assert "Scripts: PASS=2 ERROR=0 SKIP=0 TOTAL=2" in run.output
    assert set(project.script_statuses().values()) == {"success"}


@pytest.mark.parametrize("mode", [(), STAGED])
def test_nothing_runs_after_a_first_script_that_fails(
    project: Project, mode: tuple[str, ...]
) -> None:
    project.write("scripts/first.py", "raise ValueError('no')\n")

    run = project.aft("dbt", "run", *NODES, "--globals", *mode)

    assert run.exit_code != 0
    assert "ValueError: no" in run.output
    assert "START sql" not in run.output
    assert ran(project) == []
    assert project.script_statuses() == {
        "scripts/first.py": "error",
        "scripts/last.py": "skipped",
    }


@pytest.mark.parametrize("mode", [(), STAGED])
def test_a_retry_repeats_those_that_have_not_succeeded(
    project: Project, mode: tuple[str, ...]
) -> None:
    project.write("scripts/last.py", "import os\nassert os.path.exists('mended')\n" + LAST)
    run = project.aft("dbt", "run", *NODES, "--globals", *mode)
    assert run.exit_code == 1
    assert ran(project) == ["first"]

    project.write("mended", "")
    for scripts in (["first", "last"], ["first", "last"]):
        retried = project.aft("dbt", "retry", *mode)
        assert retried.exit_code == 0, retried.output
        assert ran(project) == scripts


def test_a_retry_of_a_run_without_them_expects_none(project: Project) -> None:
    (project.folder / "models" / "schema.yml").unlink()

    run = project.aft("dbt", "retry", "--profiles-dir", "nowhere")

    assert run.exit_code != 0
    # Where scripts may run, aft itself says what is missing.
    assert "aft: cannot find" not in run.output


def test_they_run_without_dbt_unless_others_are_chosen(project: Project) -> None:
    plain = project.aft("dbt", "run", *NODES)
    assert plain.exit_code == 0, plain.output
    assert ": run-level scripts run only with '--globals'" in plain.output
    assert ran(project) == []

    for words, scripts in [
        (["--before"], ["first"]),
        ([], ["first", "last"]),
        (["-s", "stg_customers"], ["first", "last"]),
        (["-s", "stg_customers", "--globals"], ["first", "last", "last"]),
    ]:
        run = project.aft("run", *words)
        assert run.exit_code == 0, run.output
        assert ran(project) == scripts
