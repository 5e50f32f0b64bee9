# SPDX-License-Identifier: Apache-2.0
"""Where no script is bound, aft is dbt: the same output, the same exit code."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.project import AFT, Project, Run


def unbound(project: Project) -> Project:
    """The project without its script and the models around it."""
    schema = (project.folder / "models/schema.yml").read_text()
    project.write("models/schema.yml", schema.partition("  - name: customers_predicted")[0])
    for name in ("customers_predicted_ltvs.sql", "customers_predicted_ltvs.py"):
        (project.folder / "models" / name).unlink()
    for name in ("ltv_forecast.py", "fct_customers.sql"):
        (project.folder / "models" / name).unlink()
    # The first dbt command after a change of files says that it parses them anew.
    project.dbt("parse")
    return project


def comparable(run: Run) -> tuple[int, list[str]]:
    """Exit code and output without what differs between two runs of plain dbt."""
    output = re.sub(r"\d+\.\d+ ?s(econds)?", "TIME", run.output)
    output = re.sub(r'\{"data".*"name": "(\w+)".*\}', r"\1", output)
    output = re.sub(r"0x[0-9a-f]+|\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "X", output)
    return run.exit_code, output.splitlines()


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "run --select nothing_like_this",
        "build",
        "test",
        "--quiet run",
        "run --log-format json",
        "run --no-such-option",
        "run --target nowhere",
        "run --help",
        "--version",
        "ls --resource-type model",
        "deps",
        "debug",
        "compile --select orders",
        "no-such-command",
    ],
)
def test_output_and_exit_code_are_dbts(project: Project, command: str) -> None:
    unbound(project)

    plain = project.dbt(*command.split())
    through_aft = project.aft(*f"dbt {command}".split())

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
def test_commands_that_run_no_nodes_run_no_scripts(project: Project, command: str) -> None:
    project.write("models/customers_predicted_ltvs.py", "open('touched', 'w')\n")
    project.write("macros/say.sql", "{% macro say() %}{% do print('hello') %}{% endmacro %}")
    project.aft("dbt", "parse")

    through_aft = project.aft(*f"dbt {command}".split())
    plain = project.dbt(*command.split())

    assert comparable(through_aft) == comparable(plain)
    assert not (project.folder / "touched").exists()


def test_a_model_that_fails_fails_the_run_as_under_dbt(project: Project) -> None:
    unbound(project)
    project.write("models/broken.sql", "select * from nowhere")

    assert project.aft("dbt", "run").exit_code == project.dbt("run").exit_code == 1


def test_no_files_of_aft_appear(project: Project) -> None:
    unbound(project)

    project.aft("dbt", "run")

    assert not (project.folder / "target" / "aft").exists()
    assert not (project.folder / ".dbtignore").exists()


def test_standard_input_is_dbts(project: Project) -> None:
    unbound(project)
    echo = project.write("echo-dbt", '#!/bin/sh\ncat\necho "$PWD $0 $*"\n')
    echo.chmod(0o755)
    command = f"echo typed | '{AFT}' dbt --aft-dbt ./echo-dbt debug 'a b' ''"
    run = project.run("sh", "-c", command)

    assert run.exit_code == 0
    folder = project.folder
    assert run.output == f"typed\n{folder} {folder}/./echo-dbt debug a b \n"
