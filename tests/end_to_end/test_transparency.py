# SPDX-License-Identifier: Apache-2.0
"""Where no script is bound, aft is dbt: the same output, the same exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import SCRIPT
from tests.support.programs import AFT
from tests.support.project import Project, comparable


@pytest.fixture(scope="module")
def unbound(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example without its script and the models around it, for commands that leave it."""
    project = Project.copy(seeded, tmp_path_factory.mktemp("unbound") / "project")
    schema = (project.folder / "models/schema.yml").read_text()
    project.write("models/schema.yml", schema.partition("  - name: customers_predicted")[0])
    for name in ("customers_predicted_ltvs.sql", "fct_customers.sql"):
        (project.folder / "models" / name).unlink()
    # The first dbt command after a change of files says that it parses them anew.
    project.dbt("parse")
    return project


@pytest.fixture(scope="module")
def bound(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example with a script that would be noticed, for commands that don't run it."""
    project = Project.copy(seeded, tmp_path_factory.mktemp("bound") / "project")
    project.write(SCRIPT, "open('touched', 'w')\n")
    project.write("macros/say.sql", "{% macro say() %}{% do print('hello') %}{% endmacro %}")
    project.aft("dbt", "parse")
    return project


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "run --select nothing_like_this",
        "build",
        "--quiet run",
        "run --log-format json",
        "run --no-such-option",
        "run --target nowhere",
        "run --help",
        "--version",
        "deps",
        "no-such-command",
    ],
)
def test_output_and_exit_code_are_dbts(unbound: Project, command: str) -> None:
    plain = unbound.dbt(*command.split())
    through_aft = unbound.aft(*f"dbt {command}".split())

    assert comparable(through_aft) == comparable(plain)


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "debug",
        "compile",
        "docs generate",
        "parse",
        "test",
        "clone --state target --full-refresh",
        "run-operation say",
    ],
)
def test_commands_that_run_no_nodes_run_no_scripts(bound: Project, command: str) -> None:
    through_aft = bound.aft(*f"dbt {command}".split())
    plain = bound.dbt(*command.split())

    assert comparable(through_aft) == comparable(plain)
    assert not (bound.folder / "touched").exists()


def test_a_model_that_fails_fails_the_run_as_under_dbt(
    unbound: Project, tmp_path: Path
) -> None:
    project = Project.copy(unbound.folder, tmp_path / "shop")
    project.write("models/broken.sql", "select * from nowhere")
    project.dbt("parse")

    through_aft = project.aft("dbt", "run")
    assert comparable(through_aft) == comparable(project.dbt("run"))
    assert through_aft.exit_code == 1

    # Nor has aft left anything of its own.
    assert not (project.folder / "target" / "aft").exists()
    assert not (project.folder / ".dbtignore").exists()


def test_standard_input_is_dbts(unbound: Project, tmp_path: Path) -> None:
    project = Project.copy(unbound.folder, tmp_path / "shop")
    echo = project.write("echo-dbt", '#!/bin/sh\ncat\necho "$PWD $0 $*"\n')
    echo.chmod(0o755)
    command = f"echo typed | '{AFT}' dbt --aft-dbt ./echo-dbt debug 'a b' ''"
    run = project.run("sh", "-c", command)

    assert run.exit_code == 0
    folder = project.folder
    assert run.output == f"typed\n{folder} {folder}/./echo-dbt debug a b \n"
