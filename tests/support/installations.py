# SPDX-License-Identifier: Apache-2.0
"""Installations of dbt as its users have them, made of the one that tests run with."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from tests.support.programs import DBT

_PACKAGES = Path(sysconfig.get_path("purelib"))


def virtual_environment(folder: Path, without: tuple[str, ...] = (), flags: str = "") -> Path:
    """Make a virtual environment with all packages but some; the dbt in it.

    ``flags`` are those of Python in dbt's first line, as pipx writes "-E" there.
    """
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = folder / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (folder / "bin").mkdir()
    base = Path(sys.executable).resolve()
    (folder / "pyvenv.cfg").write_text(
        f"home = {base.parent}\ninclude-system-site-packages = false\n"
    )
    (folder / "bin" / "python").symlink_to(base)
    for entry in _PACKAGES.iterdir():
        if not entry.name.startswith(without):
            (packages / entry.name).symlink_to(entry)
    _, _, rest = DBT.read_text().partition("\n")
    line = f"#!{folder / 'bin' / 'python'} {flags}".rstrip()
    return executable(folder / "bin" / "dbt", f"{line}\n{rest}")


def executable(file: Path, text: str) -> Path:
    """Write a program."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file
