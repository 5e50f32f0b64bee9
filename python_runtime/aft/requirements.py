# SPDX-License-Identifier: Apache-2.0
"""What aft needs in an environment that scripts run in."""

from __future__ import annotations

# Modules, and the names that pip and conda install them by.
REQUIRED_MODULES = {
    "jinja2": "Jinja2",
    "yaml": "PyYAML",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
}
