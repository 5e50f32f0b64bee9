# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aft import requirements
from aft.errors import AftError

from tests.support.programs import PACKAGES, REPOSITORY


@pytest.mark.parametrize(
    ("statement", "lacking"),
    [
        ("import aft, aft.typing; hasattr(aft, 'nothing'); repr(aft.context)", ""),
        ("import aft; assert all(hasattr(aft, name) for name in aft.__all__)", ""),
        ("import aft; aft.ref('orders')", "this works only in a script that aft runs"),
        ("from aft import Project; Project()", "lacks pandas and pyarrow; install with: "),
        ("import aft; aft.write_table('Driver=x', [], 't')", "lacks pandas and pyarrow; "),
        ("import aft; aft.read_sql('Driver=x', 'select 1')", "lacks pandas and pyarrow; "),
    ],
)
def test_a_python_without_packages_is_told_which_it_needs(
    statement: str, lacking: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-S", "-c", statement],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode == 0) == (not lacking), run.stderr
    last = run.stderr.splitlines()[-1] if run.stderr else ""
    assert lacking in last
    assert last.startswith("aft.Error: " if lacking else "")


def test_frames_need_nothing_that_reads_yaml(tmp_path: Path) -> None:
    """Reading with a connection string works beside pandas alone; a project needs more."""
    program = f"""
import sys
sys.modules["yaml"] = sys.modules["jinja2"] = None
import aft
place = "Driver=SQLite3;NoCreat=0;Database={tmp_path}/a.db"
print(aft.read_sql(place, "select 7 as n")["n"][0])
aft.Project()
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PACKAGES)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout == "7\n", run.stderr
    assert "lacks jinja2 and yaml; install with: " in run.stderr


def test_packages_that_are_too_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_modules()
    monkeypatch.setattr(
        requirements, "OLDEST_VERSIONS", {"pandas": (99, 0), "pyarrow": (1, 0)}
    )
    has = importlib.metadata.version("pandas")

    with pytest.raises(AftError) as error:
        requirements.require_modules()

    assert str(error.value).startswith(
        f"Python at '{sys.executable}' has pandas {has}, and aft needs pandas 99.0 or newer; "
        "install with: "
    )
    assert str(error.value).endswith(" 'pandas>=99.0'")


def test_the_oldest_versions_are_those_of_the_wheel() -> None:
    wheel = (REPOSITORY / "pyproject.toml").read_text()
    for package, oldest in requirements.OLDEST_VERSIONS.items():
        assert f'"{package}>={oldest[0]}.{oldest[1]}"' in wheel
