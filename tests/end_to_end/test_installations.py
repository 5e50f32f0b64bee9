# SPDX-License-Identifier: Apache-2.0
"""However dbt is installed, runs are followed from inside and scripts have its Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.installations import executable, virtual_environment
from tests.support.programs import AFT, AFT_DBT, BUILD, DBT, REPOSITORY
from tests.support.project import Project

LTV = "customers_predicted_ltvs"


def pipx(folder: Path) -> Path:
    """A link to a dbt whose Python ignores PYTHONPATH."""
    link = folder / "local" / "bin" / "dbt"
    link.parent.mkdir(parents=True)
    link.symlink_to(virtual_environment(folder / "env", flags="-E"))
    return link


def shim(folder: Path) -> Path:
    """A script that starts a dbt whose Python is looked for on PATH, as pyenv's do."""
    dbt = virtual_environment(folder / "env")
    first, _, rest = dbt.read_text().partition("\n")
    dbt.write_text(f"#!/usr/bin/env {Path(first).name}\n{rest}")
    return executable(
        folder / "shims" / "dbt",
        f'#!/usr/bin/env bash\nPATH="{dbt.parent}:$PATH" exec dbt "$@"\n',
    )


def in_python(folder: Path) -> Path:
    """A script of another Python, which hears nothing of PYTHONPATH itself."""
    dbt = virtual_environment(folder / "env")
    return executable(
        folder / "bin" / "dbt",
        f"#!/usr/bin/python3 -I\nimport os, sys\nos.execv({str(dbt)!r}, sys.argv)\n",
    )


@pytest.mark.parametrize("install", [pipx, shim, in_python])
def test_scripts_run_inside_dbts_run_in_its_python(
    shop: Project, tmp_path: Path, install: Callable[[Path], Path]
) -> None:
    dbt = install(tmp_path)
    shop.write(
        f"scripts/{LTV}.py",
        f"import sys\nprint('prefix', sys.prefix)\nwrite_to_model(ref('{LTV}'))\n",
    )

    run = shop.run(str(AFT), "dbt", "run", "-s", LTV, "--aft-dbt", str(dbt))

    assert run.exit_code == 0, run.output
    assert f"| prefix {tmp_path / 'env'}\n" in run.output
    assert "staged" not in run.output
    assert "OK ran script" in run.output


def test_an_installation_runs_where_it_has_been_moved(shop: Project, tmp_path: Path) -> None:
    place, moved = tmp_path / "place", tmp_path / "elsewhere"
    command = ["cmake", "--install", str(BUILD), "--prefix", str(place)]
    subprocess.run(command, check=True, capture_output=True)
    place.rename(moved)
    # As in a virtual environment that has dbt, called by a program that runs in another,
    # where the user gave aft-dbt the name of dbt.
    (moved / "pyvenv.cfg").touch()
    (moved / "bin" / "dbt").symlink_to(DBT)
    other = tmp_path / "other" / "bin" / "dbt"
    other.parent.mkdir(parents=True)
    other.symlink_to(moved / "bin" / "aft-dbt")

    environment = {
        "VIRTUAL_ENV": str(other.parents[1]),
        "PATH": f"{other.parent}:/usr/bin:/bin",
        "DBT_LOG_FORMAT": "json",
    }
    run = shop.run("dbt", "run", environment=environment)

    assert run.exit_code == 0, run.output
    assert set(shop.script_statuses().values()) == {"success"}
    messages = [json.loads(line)["info"]["msg"] for line in run.output.splitlines()]
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in messages


def test_the_demo_is_built_where_the_packages_of_tests_are_missing(tmp_path: Path) -> None:
    without = "-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON"
    configure = ["cmake", "--preset", "demo", "-B", str(tmp_path), without]

    configured = subprocess.run(
        configure, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert configured.returncode == 0, configured.stderr


def test_aft_does_not_take_itself_for_dbt(shop: Project, tmp_path: Path) -> None:
    link = tmp_path / "dbt"
    link.symlink_to(AFT_DBT)

    found = shop.run(
        str(AFT), "dbt", "--version", environment={"PATH": f"{tmp_path}:/usr/bin"}
    )
    given = shop.run(str(AFT), "dbt", "--version", "--aft-dbt", str(link))

    assert (found.exit_code, given.exit_code) == (2, 2)
    assert "cannot find dbt" in found.output
    assert "is aft itself" in given.output
