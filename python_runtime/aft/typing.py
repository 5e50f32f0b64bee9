# SPDX-License-Identifier: Apache-2.0
"""The types of what a script is told, for annotations."""

from aft.script_context import (
    Column,
    Context,
    ContextConfig,
    ContextTarget,
    CurrentModel,
    ModelTest,
)

__all__ = [
    "Column",
    "Context",
    "ContextConfig",
    "ContextTarget",
    "CurrentModel",
    "ModelTest",
]
