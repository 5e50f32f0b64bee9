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
OLD_PYTHON = next(Path.home().glob(".pyenv/versions/3.[78].*/bin/python3"), None)
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


def test_a_python_that_is_too_old_is_named(launcher: Path) -> None:
    if OLD_PYTHON is None:
        pytest.skip("there is no Python before 3.9 in ~/.pyenv/versions")

    done = start(launcher, str(OLD_PYTHON), "--run", "aft.debug")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"aft: Python at '{OLD_PYTHON}' is older than 3.9; install dbt in an environment of a "
        "newer Python\n"
    )


def test_a_free_threaded_python_is_named(launcher: Path, tmp_path: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = tmp_path / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "usercustomize.pth").write_text("import sys; sys.abiflags = 't'\n")
    (tmp_path / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())

    done = start(launcher, str(python), "--run", "aft.debug")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"aft: Python at '{python}' is a free-threaded build, which aft does not support; "
        "install dbt in an environment of the usual build\n"
    )


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
