# SPDX-License-Identifier: Apache-2.0
"""dbt's --defer: which relations stand for models that this run does not build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aft.errors import AftError
from aft.manifest import Manifest, Relation
from aft.read_order import nodes_of_run

# What says where a node lives.
_PLACE = ("database", "schema", "alias", "relation_name", "quoting")


class Deferral:
    """Finds what dbt's own `ref` finds under --defer.

    dbt takes the relation of the other manifest if there is none in the target, or, under
    --favor-state, if this run does not build the model.
    """

    def __init__(
        self,
        folder: Path,
        *,
        favors_state: bool,
        selection: Path,
        has_table: Callable[[Relation], bool | None],
    ) -> None:
        """``folder`` has the other manifest; ``selection`` lists the nodes of this run."""
        self._folder = folder
        self._favors_state = favors_state
        self._selection = selection
        self._has_table = has_table
        self._other: Manifest | None = None

    def resolved(self, node: dict[str, Any], relation: Relation) -> dict[str, Any]:
        """The node, which lives at ``relation``, as it is to be read."""
        if (node.get("config") or {}).get("materialized") == "ephemeral":
            return node  # Its SQL is part of what reads it.
        if node["unique_id"] in nodes_of_run(self._selection):
            return node
        other = self._others().nodes.get(node["unique_id"])
        is_ephemeral = other and (other.get("config") or {}).get("materialized") == "ephemeral"
        if other is None or is_ephemeral:
            return node
        if not self._favors_state and self._has_table(relation) is not False:
            return node
        return {**node, **{key: other[key] for key in _PLACE if key in other}}

    def _others(self) -> Manifest:
        if self._other is None:
            path = self._folder / "manifest.json"
            try:
                self._other = Manifest.load(path)
            except (OSError, ValueError, KeyError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is no manifest"
                raise AftError(
                    f"cannot read '{path}', to which '--defer' refers: {reason}"
                ) from None
        return self._other
