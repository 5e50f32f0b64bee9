# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.python_runtime.worker import Worker

INTERPRETERS = [Path(sys.executable), Path("/usr/bin/python3")]
WHO_AM_I = """
import json, os, sys
print(json.dumps({"program": os.readlink("/proc/self/exe"), "prefix": sys.prefix,
                  "embedded": os.environ["AFT_PYTHON_EMBEDDED"], "path": sys.path}))
"""


def start(launcher: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(launcher), "--python", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def prefix_of(interpreter: Path) -> str:
    command = [str(interpreter), "-c", "import sys; print(sys.prefix)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout[:-1]


@pytest.mark.parametrize("interpreter", INTERPRETERS, ids=str)
def test_an_interpreters_library_runs_in_the_launcher(
    launcher: Path, interpreter: Path
) -> None:
    told = json.loads(start(launcher, str(interpreter), "-c", WHO_AM_I).stdout)

    assert told["program"] == str(launcher.resolve())
    assert told["embedded"] == "1"
    assert told["prefix"] == prefix_of(interpreter)


def test_an_interpreter_without_a_shared_library_is_started_instead(
    launcher: Path, tmp_path: Path
) -> None:
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\n[ "$1" = -I ] || exec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)

    told = json.loads(start(launcher, str(interpreter), "-c", WHO_AM_I).stdout)

    assert told["program"] == str(Path(sys.executable).resolve())
    assert told["embedded"] == "0"


def test_a_missing_interpreter_is_named(launcher: Path) -> None:
    done = start(launcher, "/no/python")

    assert done.returncode == 1
    assert done.stderr == "aft-python: cannot start '/no/python': No such file or directory\n"


def test_a_call_without_an_interpreter_is_refused(launcher: Path) -> None:
    done = start(launcher)

    assert done.returncode == 2
    assert done.stderr == "usage: aft-python --python INTERPRETER [ARGUMENT...]\n"


def test_files_of_the_project_do_not_shadow_the_standard_library(
    new_worker: Callable[..., Worker], project: Path
) -> None:
    for name in ("json", "selectors", "pathlib", "aft", "sitecustomize", "yaml"):
        (project / f"{name}.py").write_text("raise ImportError('shadowed')\n")

    answer = new_worker(cwd=project).prepare(project)

    assert "prepared" in answer
