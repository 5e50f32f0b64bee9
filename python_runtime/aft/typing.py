# SPDX-License-Identifier: Apache-2.0
"""The types of what a script is told, for annotations."""

from aft.project_nodes import Column, DbtModel, DbtSource, DbtTest, Feature
from aft.script_context import (
    AdapterResponse,
    Context,
    ContextConfig,
    ContextTarget,
    CurrentModel,
)

__all__ = [
    "AdapterResponse",
    "Column",
    "Context",
    "ContextConfig",
    "ContextTarget",
    "CurrentModel",
    "DbtModel",
    "DbtSource",
    "DbtTest",
    "Feature",
]
