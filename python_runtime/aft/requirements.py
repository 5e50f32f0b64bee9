# SPDX-License-Identifier: Apache-2.0
"""What aft needs in an environment that scripts run in, and how to install it there."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shlex
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from aft.errors import AftError

OLDEST_PYTHON = (3, 9)
# Modules, and the names that pip and conda install them by.
REQUIRED_MODULES = {
    "jinja2": "Jinja2",
    "yaml": "PyYAML",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
}
# The oldest versions of these packages that have all that aft calls.
OLDEST_VERSIONS = {"pandas": (2, 2), "pyarrow": (20, 0)}
# Tools that keep an environment in line with a lock file, and undo what pip installs.
_LOCKED_BY = {"poetry.lock": "poetry", "uv.lock": "uv", "pdm.lock": "pdm"}


def require_python() -> None:
    """Raise AftError when this Python is too old, or a build that aft cannot run in."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise AftError(
            f"Python at '{sys.executable}' is older than {wanted}; install dbt in an "
            "environment of a newer Python"
        )
    # Such a build loads no module that keeps to the stable ABI.
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise AftError(
            f"Python at '{sys.executable}' is a free-threaded build, which aft does not "
            "support; install dbt in an environment of the usual build"
        )


def require_modules() -> None:
    """Raise AftError that says how to install what is missing or too old."""
    missing = [name for name in REQUIRED_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise AftError(
            f"Python at '{sys.executable}' lacks {' and '.join(missing)}; "
            f"{how_to_install(REQUIRED_MODULES[name] for name in missing)}"
        )
    old = {name: version for name in OLDEST_VERSIONS if (version := _old_version(name))}
    if old:
        found = " and ".join(f"{name} {version}" for name, version in old.items())
        wanted = {name: ".".join(map(str, OLDEST_VERSIONS[name])) for name in old}
        raise AftError(
            f"Python at '{sys.executable}' has {found}, and aft needs "
            f"{' and '.join(f'{name} {oldest}' for name, oldest in wanted.items())} or newer; "
            + how_to_install(_quoted(f"{name}>={oldest}") for name, oldest in wanted.items())
        )


def _old_version(package: str) -> str:
    """The version that is installed if it is too old; empty if it is not, or not known."""
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    is_old = numbers and tuple(map(int, numbers.groups())) < OLDEST_VERSIONS[package]
    return version if is_old else ""


def how_to_install(packages: Iterable[str], again: bool = False) -> str:
    """How to add ``packages`` to this Python's environment, for the end of a message.

    ``again`` is for packages that are there and do not work.
    """
    if sys.prefix == sys.base_prefix and _is_externally_managed():
        return (
            "install dbt and them in a virtual environment, since this Python is the system's"
        )
    return f"install with: {_install_command(' '.join(packages), again)}"


def _install_command(names: str, again: bool) -> str:
    """A command of the tool that made the environment, where that has left its mark."""
    prefix = Path(sys.prefix)
    force, reinstall, force_reinstall = (
        f"{option} " if again else ""
        for option in ("--force", "--reinstall", "--force-reinstall")
    )
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {force}{_quoted(prefix.name)} {names}"
    if (prefix / "uv-receipt.toml").exists():
        # uv forgets what an earlier call has added.
        named = [*_in_uv_tool(prefix), *names.split()]
        return f"uv tool install {reinstall}{' --with '.join(named)}"
    if (prefix / "conda-meta").exists():
        options = f"{force_reinstall}--prefix {_quoted(prefix)} -c conda-forge"
        return f"conda install {options} {names.lower()}"
    if "pypoetry" in prefix.parts:
        return f"poetry add {names}"
    for lock, tool in _LOCKED_BY.items():
        if (prefix.parent / lock).exists():
            return f"{tool} add {names}"
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install {reinstall}--python {_quoted(sys.executable)} {names}"
    return f"{_quoted(sys.executable)} -m pip install {force_reinstall}{names}"


def _in_uv_tool(prefix: Path) -> list[str]:
    """What a tool of uv's was installed with, itself first."""
    receipt = (prefix / "uv-receipt.toml").read_text(encoding="utf-8")
    listed = re.search(r"^requirements = \[(.*?)\]$", receipt, re.M | re.S)
    entries = re.findall(
        r'\bname = "([^"]+)"(?:[^}]*\bspecifier = "([^"]+)")?', listed[1] if listed else ""
    )
    return [_quoted(name + specifier) for name, specifier in entries] or [prefix.name]


def _is_externally_managed() -> bool:
    """Whether pip refuses to install here (PEP 668)."""
    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()


def _quoted(path: str | Path) -> str:
    return shlex.quote(str(path))
