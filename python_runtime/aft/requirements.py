# SPDX-License-Identifier: Apache-2.0
"""What aft needs in an environment that scripts run in."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import sys
from typing import Any

from aft.errors import AftError
from aft.install_hint import how_to_install, quoted

# Modules, and the names that pip and conda install them by.
REQUIRED_MODULES = {
    "jinja2": "Jinja2",
    "yaml": "PyYAML",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
}
# The oldest versions of these packages that have all that aft calls.
OLDEST_VERSIONS = {"pandas": (2, 2), "pyarrow": (20, 0)}


def require_modules() -> None:
    """Raise AftError that says how to install what is missing or too old."""
    require(*REQUIRED_MODULES)
    old = {name: version for name in OLDEST_VERSIONS if (version := _old_version(name))}
    if old:
        found = " and ".join(f"{name} {version}" for name, version in old.items())
        wanted = {name: ".".join(map(str, OLDEST_VERSIONS[name])) for name in old}
        raise AftError(
            f"Python at '{sys.executable}' has {found}, and aft needs "
            f"{' and '.join(f'{name} {oldest}' for name, oldest in wanted.items())} or newer; "
            + how_to_install(quoted(f"{name}>={oldest}") for name, oldest in wanted.items())
        )


def require(*modules: str) -> None:
    """Raise AftError that says how to install those of these modules that are missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise AftError(
            f"Python at '{sys.executable}' lacks {' and '.join(missing)}; "
            f"{how_to_install(REQUIRED_MODULES[name] for name in missing)}"
        )


def with_frames(module: str, name: str) -> Any:
    """What a module that needs pandas and pyarrow calls by this name.

    Where they are missing, a class in its place that says so when it is called: tools look
    at all names of a module and call none.
    """
    needed = ("pandas", "pyarrow")
    if all(map(importlib.util.find_spec, needed)):
        return getattr(importlib.import_module(module), name)

    def refuse(*_: object, **__: object) -> None:
        require(*needed)

    return type(name, (), {"__module__": "aft", "__new__": refuse})


def _old_version(package: str) -> str:
    """The version that is installed if it is too old; empty if it is not, or not known."""
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    is_old = numbers and tuple(map(int, numbers.groups())) < OLDEST_VERSIONS[package]
    return version if is_old else ""
