# SPDX-License-Identifier: Apache-2.0
"""What aft needs in an environment that scripts run in."""

from __future__ import annotations

import importlib.util
import sys

from aft.errors import AftError

OLDEST_PYTHON = (3, 9)
# Modules, and the names that pip and conda install them by.
REQUIRED_MODULES = {
    "jinja2": "Jinja2",
    "yaml": "PyYAML",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
}


def require_python() -> None:
    """Raise AftError when this Python is too old."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise AftError(
            f"cannot run scripts with Python at '{sys.executable}': it is older than "
            f"{wanted}; install dbt in an environment of a newer Python"
        )


def require_modules() -> None:
    """Raise AftError that says how to install what is missing."""
    missing = [name for name in REQUIRED_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        packages = " ".join(REQUIRED_MODULES[name] for name in missing)
        raise AftError(
            f"cannot run scripts with Python at '{sys.executable}': it lacks "
            f"{' and '.join(missing)}; install with: {sys.executable} -m pip install "
            f"{packages}"
        )
