# SPDX-License-Identifier: Apache-2.0
"""What the wheel gives type checkers and tests: the package `aft`, with its types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installations.conftest import UV, WHEEL

SCRIPT = """
from aft import __version__, context, ref, write_to_model


def score(amount: int) -> int:
    return amount * 2


if __name__ == "__main__":
    print(__version__, context.target.name)
    customers = ref("customers")
    customers["score"] = customers["amount"].map(score)
    write_to_model(customers, mode="upsert", unique_key="id")
"""
TEST = """
import aft
import pytest

from scripts.score import context, score


def test_scores() -> None:
    assert score(2) == 4
    with pytest.raises(aft.Error, match="only in a script that aft runs"):
        context.target
"""

pytestmark = pytest.mark.skipif(WHEEL is None, reason="there is no wheel; run packaging/wheel")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a script, its test, and the wheel in an environment without packages."""
    venv = [str(UV), "venv", "--quiet", "--python", sys.executable, ".venv"]
    subprocess.run(venv, cwd=tmp_path, check=True)
    install = [str(UV), "pip", "install", "--quiet", "--offline", "--no-deps", str(WHEEL)]
    subprocess.run(install, cwd=tmp_path, check=True)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "score.py").write_text(SCRIPT)
    (tmp_path / "test_score.py").write_text(TEST)
    return tmp_path


def test_strict_type_checks_know_what_scripts_import(project: Path) -> None:
    with (project / "scripts" / "score.py").open("a") as script:
        script.write('    write_to_model(customers, mod="append")\n')

    strictly = ["-m", "mypy", "--strict", "--python-executable", ".venv/bin/python"]
    checked = subprocess.run(
        [sys.executable, *strictly, "scripts/score.py"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    mistake, *_, count = checked.stdout.splitlines()
    assert 'Unexpected keyword argument "mod" for "write_to_model"' in mistake
    assert count == "Found 1 error in 1 file (checked 1 source file)"


def test_tests_can_import_a_script_that_imports_aft(project: Path) -> None:
    (packages,) = project.glob(".venv/lib/python3.*/site-packages")

    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in tested.stdout, tested.stdout
