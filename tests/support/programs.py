# SPDX-License-Identifier: Apache-2.0
"""Where what is tested has been built, and the dbt that it is tested with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BUILD = Path(os.environ.get("AFT_BUILD_DIR", REPOSITORY / "build"))
AFT = BUILD / "bin" / "aft"
AFT_DBT = BUILD / "bin" / "aft-dbt"
PACKAGES = BUILD / "lib" / "aft" / "python"
DBT = Path(sys.executable).parent / "dbt"
FAULT_DRIVER = BUILD / "tests" / "faults" / "libaft_fault_driver.so"
JAFFLE_SHOP = REPOSITORY / "tests" / "projects" / "jaffle_shop"


def python_environment() -> dict[str, str]:
    """An environment in which another Python finds the modules that this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
