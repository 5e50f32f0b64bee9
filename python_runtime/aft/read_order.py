# SPDX-License-Identifier: Apache-2.0
"""Which models a script may read: those that dbt has finished before the script runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aft import messages
from aft.errors import AftError
from aft.manifest import Manifest


class ReadOrder:
    """Checks each `ref` of a script against the dependencies of its node.

    dbt orders a node after all its ancestors. Any other model may be rebuilt while the
    script reads it, or later, so the script would get rows of an earlier run.
    """

    def __init__(
        self, manifest: Manifest, node: dict[str, Any] | None, policy: str, selection: Path
    ) -> None:
        """``selection`` is a file that lists the nodes of this run; it may be missing.

        ``policy`` is one of `aft.profile.UNORDERED_REFS`: "error" refuses what this run
        builds and warns of everything else.
        """
        self._manifest = manifest
        self._node = node
        self._policy = policy
        self._selection = selection
        self._ordered: set[str] | None = None
        self._told: set[str] = set()  # Sources.

    def check_source(self, source: dict[str, Any]) -> None:
        """The same for the models whose table a source is."""
        for model in self._manifest.makers_of(source):
            self.check(
                model, f", the table of source '{source['source_name']}.{source['name']}'"
            )

    def check(self, model: dict[str, Any], table: str = "") -> None:
        """Raise AftError, or warn once, if ``model`` is not above the script's node.

        ``table`` completes its name in messages.
        """
        # Nothing is built while dbt checks sources.
        if self._policy == "allow" or self._node is None or "source_name" in self._node:
            return
        own, wanted = self._node["unique_id"], model["unique_id"]
        if self._ordered is None:
            self._ordered = {own} | self._manifest.ancestors(own)
        if wanted in self._ordered:
            return
        self._ordered.add(wanted)
        if self._policy == "error" and self._is_built_now(wanted):
            self._ordered.discard(wanted)
            raise AftError(
                f"this run builds '{model['name']}'{table}, but '{self._node['name']}' does "
                f"not depend on it, so the script may read rows of an earlier run; "
                f"{self._advice(model)}"
            )
        messages.warn(
            f"'{self._node['name']}' does not depend on '{model['name']}'{table}, which this "
            "script reads; a run that builds both may give it rows of an earlier run; "
            f"{self._advice(model)}"
        )

    def tell_unordered_readers(self, table: dict[str, Any], built_after: set[str]) -> None:
        """Warn of what reads a source's table that the script has written, at any time.

        ``built_after`` are the nodes that this run builds after the script.
        """
        if self._policy == "allow" or self._node is None:
            return
        others = nodes_of_run(self._selection) - built_after
        readers = sorted(
            node["name"]
            for node in map(self._manifest.nodes.get, others)
            if node and table["unique_id"] in (node.get("depends_on") or {}).get("nodes", ())
        )
        if readers and table["unique_id"] not in self._told:
            self._told.add(table["unique_id"])
            messages.warn(
                f"this run builds {', '.join(map(repr, readers))} from the source "
                f"'{table['source_name']}.{table['name']}', which this script writes, but in "
                f"no order after '{self._node['name']}', so the rows may come too late; bind "
                "the script to a node above, or as a before-script"
            )

    def _is_built_now(self, unique_id: str) -> bool:
        return unique_id in nodes_of_run(self._selection)

    def _advice(self, model: dict[str, Any]) -> str:
        assert self._node is not None
        file = str(self._node.get("original_file_path") or "")
        if self._node["unique_id"] in self._manifest.ancestors(model["unique_id"]):
            return f"bind the script to '{model['name']}' or to a model below it"
        line = f"-- depends_on: {_ref(model, self._node['package_name'])}"
        if file.endswith(".sql"):
            return f"add this line to {file}: {line}"
        return f"bind the script to a SQL model with this line: {line}"


def nodes_of_run(selection: Path) -> set[str]:
    """The unique ids in the file that the plugin has made; empty if there is none."""
    try:
        return set(json.loads(selection.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return set()


def _ref(model: dict[str, Any], package: str) -> str:
    """The model in Jinja, as SQL of ``package`` names it."""
    names = [model["name"]]
    if model["package_name"] != package:
        names.insert(0, model["package_name"])
    arguments = [f"'{name}'" for name in names]
    if model.get("version") is not None:
        arguments.append(f"v={model['version']!r}")
    return "{{ ref(" + ", ".join(arguments) + ") }}"
