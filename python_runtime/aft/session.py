# SPDX-License-Identifier: Apache-2.0
"""What stands behind `ref`, `write_to_model` and the other names in a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aft.errors import AftError
from aft.manifest import Manifest, Relation
from aft.profile import Setup, Target
from aft.read_order import ReadOrder, nodes_of_run
from aft.script_context import Context, ContextConfig, ContextTarget, current_model
from aft.table_use import may_write
from aft.tables import Tables, tell_if_replaced
from aft.warehouse import Warehouse
from aft.write_options import WriteOptions

# The plugin lists the nodes of the run in this file of the run's folder.
SELECTION = "selection.json"

Tell = Callable[[dict[str, Any]], None]
"""Sends a packet about the script to the plugin."""


@dataclass(frozen=True)
class Request:
    """One script to run, as the plugin asks for it."""

    id: int
    path: str
    name: str
    node: str
    node_status: str
    when: str
    arguments: dict[str, Any] | None = None
    memory: int | None = None  # bytes
    program: list[str] | None = None  # The command, where the script is no Python.


class BoundScript(Tables):
    """The project's tables as a script may use them that is bound to a node.

    It writes its own model, reads what dbt has finished before it, and tells the plugin
    what it has written.
    """

    why_not_write = ""  # For a process that may not.

    def __init__(
        self, request: Request, setup: Setup, target: Target, manifest: Manifest, tell: Tell
    ) -> None:
        warehouse = Warehouse(target, lambda moved: tell({"moved": moved}))
        super().__init__(
            warehouse,
            manifest,
            empty=setup.empty,
            sample=setup.sample,
            choices=target.choices,
        )
        self._tell = tell
        self._has_written = False
        self._request = request
        self._setup = setup
        self._node = manifest.bound_node(request.node)
        self._read_order = ReadOrder(
            manifest, self._node, setup.unordered_refs, setup.run_dir / SELECTION
        )
        self.context = Context(
            current_model=current_model(manifest, request.node, request.node_status),
            target=ContextTarget(**target.described()),
            config=ContextConfig(str(setup.target_path)),
            vars=dict(target.variables),
            arguments=request.arguments or {},
        )

    @property
    def _package(self) -> str:
        return self._node["package_name"] if self._node else super()._package

    def _model(self, names: tuple[str, ...], version: object) -> dict[str, Any]:
        model = super()._model(names, version)
        self._read_order.check(model)
        return model

    def check_own_model(self, name: str) -> None:
        """Raise AftError unless ``name`` is the model that the script is bound to."""
        own = self._own_model()["name"]
        if name != own:
            raise AftError(f"a script writes to its own model, '{own}', and not to '{name}'")

    def _own_model(self) -> dict[str, Any]:
        if self._node is None or self._node["resource_type"] != "model":
            raise AftError(
                f"write_to_model() needs a script that is bound to a model, but "
                f"'{self._request.name}' is bound to '{self._request.node}'"
            )
        return self._node

    def write_to_model(self, frame: Any, options: WriteOptions) -> None:
        """Write into the table of the model that the script is bound to."""
        own = self._own_model()
        if self.why_not_write:
            raise AftError(self.why_not_write)
        if options.mode == "append":
            with self._appending():
                self._write(frame, own, options)
        else:
            self._write(frame, own, options, self._rebuilt(own))
        if self._request.when == "before":
            tell_if_replaced(own)
        self._has_written = True
        self._tell({"written": True})

    def _rebuilt(self, node: dict[str, Any]) -> list[Relation]:
        """The relations of what this run builds from a node."""
        selected = nodes_of_run(self._setup.run_dir / SELECTION)
        built = self._manifest.descendants(node["unique_id"]) & selected if selected else ()
        return [
            self._manifest.relation(self._manifest.nodes[each])
            for each in built
            if _makes_its_relation(self._manifest.nodes[each])
        ]

    def table_use(self) -> dict[str, Any]:
        """What a script that has not written its ephemeral model's table leaves open.

        ``can_write``: whether its text may do so; if it may, ``is_table_there``, None where
        that can't be told.
        """
        config = (self._node or {}).get("config") or {}
        if self._has_written or config.get("materialized") != "ephemeral":
            return {}
        path, setup = Path(self._request.path), self._setup
        folders = (path.parent, setup.scripts_dir, setup.project_dir)
        if not may_write(path, is_python=not self._request.program, folders=folders):
            return {"can_write": False}
        own_table = self._manifest.relation(self._own_model())
        return {"can_write": True, "is_table_there": self.warehouse.has_table(own_table)}

    @contextmanager
    def _appending(self) -> Iterator[None]:
        """Let the plugin know that the script is not to be repeated from here on.

        Told before the rows go, so that it is known however this process ends. Threads and
        forks of the script may append at the same time, so the plugin counts: an append
        that was surely undone takes back itself and no other.
        """
        self._tell({"appended": True})
        try:
            yield
        except BaseException:
            if not self.warehouse.may_have_committed:
                self._tell({"appended": False})
            raise


def _makes_its_relation(node: dict[str, Any]) -> bool:
    """Whether dbt makes the node's relation anew each time, whatever it is."""
    return node["resource_type"] == "model" and (node.get("config") or {}).get(
        "materialized"
    ) in ("view", "table")
