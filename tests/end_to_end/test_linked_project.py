# SPDX-License-Identifier: Apache-2.0
"""A project folder of links, as orchestrators make it, is as good as the project itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import LTV, put_among_models
from tests.support.project import STAGED, Project

SCRIPT = """
from beside import VALUE
from deeper.module import fail
import os
print(VALUE, os.getcwd())
fail()
"""

MODULE = """
def fail():
    raise ValueError('on purpose')
"""


def _link(project: Project, folder: Path) -> Project:
    """A folder of links to all that lies in the project's, which is what Cosmos runs in."""
    folder.mkdir()
    for entry in project.folder.iterdir():
        if entry.name not in ("target", "logs"):
            (folder / entry.name).symlink_to(entry)
    return Project(folder)


@pytest.mark.parametrize("mode", [(), STAGED])
def test_scripts_run_in_a_folder_of_links(
    project: Project, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    put_among_models(project)
    project.write(f"models/{LTV}.py", SCRIPT)
    project.write("models/beside.py", "VALUE = 'found beside'\n")
    project.write(
        "models/deeper/module.py", "def fail():\n    raise ValueError('on purpose')\n"
    )
    linked = _link(project, tmp_path / "links")

    run = linked.aft("dbt", "run", *mode, "-s", LTV)

    assert run.exit_code == 1, run.output
    assert f"models/{LTV}.py | found beside {linked.folder}\n" in run.output
    [entry] = linked.results()
    assert entry["message"] == "ValueError: on purpose (models/deeper/module.py:2)"
    assert f'File "models/{LTV}.py", line 6' in run.output
    ignored = (linked.folder / ".dbtignore").read_text()
    assert ignored.splitlines()[1:-1] == [
        "/models/beside.py",
        f"/models/{LTV}.py",
        "/models/deeper/module.py",
        "/models/ltv_forecast.py",
    ]
