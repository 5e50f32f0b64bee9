# SPDX-License-Identifier: Apache-2.0
"""The modules that programs written for fal import, as far as no installed package has them.

Scripts that aft runs have them. Other programs need the package dbt-aft-fal, which asks
`find` for them.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Any

_TYPES = (
    *(
        "AdapterResponse",
        "Column",
        "Context",
        "ContextConfig",
        "ContextTarget",
        "CurrentModel",
    ),
    *("DbtModel", "DbtSource", "DbtTest", "Feature"),
)
_CLASSES = {**dict.fromkeys(_TYPES, "aft.typing"), "FalDbt": "aft.fal_project"}
_MAGICS = {"init_fal": "aft.fal_magics"}

# By module: what is in it, and the module of aft that has it.
_MODULES: dict[str, dict[str, str]] = {
    "fal": _CLASSES,
    "fal.dbt": _CLASSES,
    "fal.dbt.fal_script": _CLASSES,
    "fal.dbt.integration": {},
    "fal.dbt.integration.magics": _MAGICS,
    "fal.dbt.integration.project": _CLASSES,
    "fal.dbt.typing": _CLASSES,
    "fal.fal_script": _CLASSES,
    "fal.typing": _CLASSES,
    "faldbt": {},
    "faldbt.magics": _MAGICS,
    "faldbt.project": _CLASSES,
}


def provide() -> None:
    """Let these imports work in this process. What is installed is found first."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


def find(name: str) -> ModuleSpec | None:
    """The module of this name, if it is one of these."""
    if name not in _MODULES:
        return None
    return importlib.util.spec_from_loader(name, _Loader(), is_package=True)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        return find(name)


class _Loader(importlib.abc.Loader):
    def exec_module(self, module: types.ModuleType) -> None:
        places = _MODULES[module.__name__]

        # What is behind a name is not imported before it is asked for, for it takes time.
        def from_aft(name: str) -> Any:
            if name not in places:
                raise AttributeError(
                    f"module '{module.__name__}', which aft provides for programs written for "
                    f"dbt-fal, has no '{name}'; for fal.ai's client, install the package fal"
                )
            return getattr(importlib.import_module(places[name]), name)

        # `from fal.typing import *` tells editors a script's names, which it has anyhow.
        module.__dict__.update({"__all__": [], "__getattr__": from_aft})
