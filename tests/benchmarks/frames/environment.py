# SPDX-License-Identifier: Apache-2.0
"""What the passes run in: a Python environment with the other tools, and the C loop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.programs import PACKAGES, REPOSITORY

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_FOLDER = REPOSITORY / ".benchmarks"


def python() -> Path:
    """The environment's interpreter; the environment is made if it is missing or old."""
    interpreter, stamp = _FOLDER / "bin" / "python", _FOLDER / "requirements.installed"
    wanted = _REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return interpreter
    uv = Path(sys.executable).parent / "uv"
    commands = (
        ["venv", "--quiet", "--clear", "--python", "/usr/bin/python3", _FOLDER],
        ["pip", "install", "--quiet", "--python", interpreter, "-r", _REQUIREMENTS],
    )
    for command in commands:
        subprocess.run([uv, *map(str, command)], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return interpreter


def variables() -> dict[str, str]:
    """The environment variables with which a pass finds aft and these modules."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(PACKAGES)]),
    }


def bare_loop(folder: Path) -> Path:
    """The program made from bare_loop.c."""
    program = folder / "bare_loop"
    source = Path(__file__).with_name("bare_loop.c")
    subprocess.run(["cc", "-O2", "-o", program, source, "-lodbc"], check=True)
    return program
