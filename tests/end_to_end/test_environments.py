# SPDX-License-Identifier: Apache-2.0
"""Scripts in Python environments of their own, which aft builds."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.example import LTV
from tests.support.processes import PATIENCE, processes_with, wait_until
from tests.support.programs import AFT, DBT
from tests.support.project import Project

# How to reach a package index from this machine.
SETTING = re.compile(r"(PIP|UV)_|SSL_CERT|https?_proxy$", re.IGNORECASE)

# A small package that dbt's own environment has not.
PACKAGE = "roman==5.1"
RUN = ("dbt", "run", "--exclude", "fct_customers")
SCRIPT = """
import sys
import pandas as pd
import roman

print("runs in", sys.prefix)
write_to_model(pd.DataFrame({"number": [roman.toRoman(ref("customers").shape[0])]}))
"""


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A cache folder of the module's own, while packages are downloaded once only."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
        "UV_CACHE_DIR": str(user / "uv"),
        "PIP_CACHE_DIR": str(user / "pip"),
        # What uv would not take from the machine by itself.
        "UV_SYSTEM_CERTS": "true",
        **{name: value for name, value in os.environ.items() if SETTING.match(name)},
    }


def define(project: Project, *requirements: str) -> None:
    """Let the project have an environment `ml`, in which its script runs."""
    listed = "".join(f"\n    - {requirement}" for requirement in requirements)
    project.write(
        "fal_project.yml",
        f"environments:\n- name: ml\n  type: venv\n  requirements:{listed}\n",
    )
    project.write(f"scripts/{LTV}.py", SCRIPT)
    project.bind(LTV, [{"path": f"scripts/{LTV}.py", "environment": "ml"}])


def test_a_script_runs_in_its_environment_beside_one_that_runs_in_dbts(
    project: Project, caches: dict[str, str]
) -> None:
    define(project, PACKAGE)
    project.write("scripts/local.py", "import sys\nprint('runs in', sys.prefix)\n")
    project.bind("orders", ["scripts/local.py"])

    first = project.aft(*RUN, environment=caches)

    assert first.exit_code == 0, first.output
    folder = Path(caches["XDG_CACHE_HOME"]) / "aft" / "environments"
    assert first.line("environment 'ml' | building it") < first.line("START sql")
    assert f"scripts/{LTV}.py | runs in {folder}/venv-" in first.output
    own = project.run("python", "-c", "import sys; print(sys.prefix)").output.strip()
    assert f"scripts/local.py | runs in {own}\n" in first.output
    assert project.query(f"select * from {LTV}") == [("C",)]

    again = project.aft(*RUN, environment=caches)

    assert again.exit_code == 0, again.output
    assert "building" not in again.output


def test_a_build_that_fails_stops_the_run_before_dbt_builds_anything(
    project: Project, caches: dict[str, str]
) -> None:
    define(project, "aft-has-no-such-package==1.0")
    before = project.relations()

    run = project.aft(*RUN, environment=caches)

    assert run.exit_code == 2, run.output
    assert "cannot run scripts in environment 'ml': " in run.output
    assert "aft-has-no-such-package" in run.output.split("cannot run scripts")[1]
    assert "START" not in run.output
    assert project.relations() == before


def test_an_environment_that_is_not_defined_is_named(project: Project) -> None:
    project.bind(LTV, [{"path": f"scripts/{LTV}.py", "environment": "lm"}])

    run = project.aft("dbt", "run")

    assert run.exit_code == 2, run.output
    assert f"script 'scripts/{LTV}.py' names environment 'lm'" in run.output
    assert "START" not in run.output


def test_an_environment_of_no_script_that_runs_is_not_built(
    project: Project, caches: dict[str, str]
) -> None:
    define(project, "aft-has-no-such-package==1.0")
    project.bind("supplies", [{"path": f"scripts/{LTV}.py", "environment": "ml"}])
    project.write("models/supplies.sql", "{{ config(enabled=false) }} select 1")
    project.bind(LTV, [])

    run = project.aft("dbt", "run", "-s", "stg_orders", environment=caches)

    assert run.exit_code == 0, run.output
    assert "environment 'ml'" not in run.output


def is_installing(cache: Path) -> bool:
    commands = processes_with(cache, "XDG_CACHE_HOME")
    return any(" install " in command for command in commands)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_build_ends_with_aft(
    project: Project, caches: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    define(project, PACKAGE)
    caches = caches | {"XDG_CACHE_HOME": str(tmp_path)}
    output = tmp_path / "output"
    with output.open("w") as file:
        aft = subprocess.Popen(
            [AFT, "dbt", "run", "--aft-dbt", DBT],
            cwd=project.folder,
            env=project.environment | caches,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: is_installing(tmp_path), "it is being built")
    finally:
        aft.send_signal(number)
        assert aft.wait(PATIENCE) != 0

    assert "START" not in output.read_text()
    wait_until(lambda: not processes_with(tmp_path, "XDG_CACHE_HOME"), "nothing is left")
    again = project.aft(*RUN, environment=caches)
    assert again.exit_code == 0, again.output
