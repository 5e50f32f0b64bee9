# SPDX-License-Identifier: Apache-2.0
"""However dbt is installed, runs are followed from inside and scripts have its Python."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.installations import executable, virtual_environment
from tests.support.programs import AFT, BUILD, DBT
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


@pytest.mark.parametrize("install", [pipx, shim])
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

    run = shop.run(str(moved / "bin" / "aft"), "dbt", "run", "--aft-dbt", str(DBT))

    assert run.exit_code == 0, run.output
    assert set(shop.script_statuses().values()) == {"success"}
