# SPDX-License-Identifier: Apache-2.0
"""`%init_fal`: the functions of a script, for a dbt project, in a notebook.

In a script the line does nothing: it has these functions for its own model.
"""

from __future__ import annotations

import shlex
import sys
from functools import partial
from typing import Any

from aft.errors import AftError
from aft.nearest import did_you_mean

_OPTIONS = ("project_dir", "profiles_dir", "default_model_name")
_FUNCTIONS = (
    *("execute_sql", "ref", "source", "write_to_source"),
    *("list_features", "list_models", "list_models_ids", "list_sources", "list_tests"),
)


def init_fal(line: str = "", local_ns: dict[str, Any] | None = None) -> None:
    """Put the functions into the notebook; the paths default to those of dbt.

    ::

        %init_fal project_dir=shop profiles_dir=~/.dbt default_model_name=orders
    """
    if local_ns is None:
        return
    from aft.fal_project import FalDbt

    options = _options(line)
    project = FalDbt(options.get("project_dir"), options.get("profiles_dir"))
    model = options.get("default_model_name")
    write = partial(project.write_to_model, target_1=model) if model else _no_model
    local_ns.update({name: getattr(project, name) for name in _FUNCTIONS})
    local_ns["write_to_model"] = write


def _options(line: str) -> dict[str, str]:
    options = {}
    for word in shlex.split(line):
        name, _, value = word.partition("=")
        if name not in _OPTIONS or not value:
            all_of_them = "; it takes " + ", ".join(f"{option}=…" for option in _OPTIONS)
            hint = did_you_mean(name, _OPTIONS) or all_of_them
            raise AftError(f"%init_fal does not take '{word}'{hint}")
        options[name] = value
    return options


def _no_model(*_: object, **__: object) -> None:
    raise AftError(
        "write_to_model() does not know which model; add default_model_name=… to %init_fal"
    )


def _register() -> None:
    # Outside IPython there are no magics, and nothing of it is loaded.
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    from IPython.core.magic import needs_local_scope

    shell.register_magic_function(needs_local_scope(init_fal), "line")


_register()
