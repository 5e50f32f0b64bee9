# SPDX-License-Identifier: Apache-2.0
"""Answers in dbt's place which Python runs dbt, and whether dbt can load the gate there.

aft starts dbt with the folder above this package first on PYTHONPATH. Through whatever
wrappers, dbt's own process imports ``dbt``, finds this package, which prints a line, and
ends before anything of dbt has run. A Python that is known already runs this file itself.
"""

import importlib.util
import json
import os
import sys


def _has(package, file):
    """Whether a package is installed that has a certain file; imports nothing."""
    spec = importlib.util.find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    return any(os.path.isfile(os.path.join(folder, file)) for folder in folders)


def _version():
    try:
        from importlib.metadata import version
    except ImportError:  # Before Python 3.8, where a dbt is that is too old as well.
        from pkg_resources import get_distribution

        return get_distribution("dbt-core").version
    try:
        return version("dbt-core")
    except ModuleNotFoundError:
        return ""


def _answer():
    own_folder = os.path.dirname(os.path.abspath(__file__))
    own_entries = (own_folder, os.path.dirname(own_folder))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) not in own_entries]
    sys.modules.pop("dbt", None)
    told = {
        "python": sys.executable,
        "version": _version(),
        "gate": _has("dbt", os.path.join("plugins", "manager.py"))
        and _has("dbt_common", os.path.join("events", "event_manager_client.py")),
    }
    os.write(1, ("\naft: " + json.dumps(told) + "\n").encode())
    os._exit(0)


_answer()
