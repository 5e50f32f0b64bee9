# SPDX-License-Identifier: Apache-2.0
"""What stands behind `ref`, `write_to_model` and the other names in a script."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aft.deferral import Deferral
from aft.errors import AftError
from aft.manifest import Manifest, Relation
from aft.profile import Setup, Target
from aft.project_nodes import ProjectNodes
from aft.read_order import ReadOrder, nodes_of_run
from aft.script_context import (
    Context,
    ContextConfig,
    ContextTarget,
    CurrentModel,
    adds_to_rows,
    current_model,
)
from aft.sql_jinja import Fields, SqlRenderer
from aft.sql_text import may_change, says_change
from aft.table_use import may_write
from aft.tables import Tables, tell_if_replaced
from aft.warehouse import Warehouse, is_undone
from aft.write_options import WriteOptions

# The plugin lists the nodes of the run in this file of the run's folder.
SELECTION = "selection.json"

# When a script runs that is a hook, as the plugin says it. Hooks write no tables.
HOOKS = ("pre-hook", "post-hook")

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
    adapter_response: dict[str, Any] | None = None  # dbt's own.
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
            renderer=SqlRenderer(setup, target, setup.run_dir),
        )
        self._tell = tell
        self._has_written = False
        self._request = request
        self._setup = setup
        self._node = manifest.bound_node(request.node)
        self._deferral = None
        if setup.defer_dir is not None:
            self._deferral = Deferral(
                setup.defer_dir,
                favors_state=setup.favor_state,
                selection=setup.run_dir / SELECTION,
                has_table=warehouse.has_table,
            )
        self._order = ReadOrder(
            manifest, self._node, setup.unordered_refs, setup.run_dir / SELECTION
        )
        self.nodes = ProjectNodes(manifest, setup.target_path, self._known_statuses())
        self.context = Context(
            current_model=None if self._node is None else self._current_model(self._node),
            target=ContextTarget(**target.described()),
            config=ContextConfig(str(setup.target_path)),
            vars=dict(target.variables),
            arguments=request.arguments or {},
        )

    def _current_model(self, node: dict[str, Any]) -> CurrentModel:
        request = self._request
        is_incremental = adds_to_rows(node, self._setup.full_refresh) or self.is_incremental(
            self.python_model.get("materialized")
        )
        model = current_model(
            node,
            request.node_status,
            request.adapter_response,
            self.nodes.tests_of(request.node),
        )
        return dataclasses.replace(model, is_incremental=is_incremental)

    @property
    def python_model(self) -> dict[str, Any]:
        """What the placeholder of a Python model says of it; empty for other scripts."""
        node = self._node or {}
        meta = (node.get("config") or {}).get("meta") or node.get("meta") or {}
        settings: dict[str, Any] = meta.get("aft_model") or {}
        return settings if settings.get("path") == self._request.name else {}

    @property
    def own_config(self) -> dict[str, Any]:
        """dbt's settings of the script's own model."""
        config: dict[str, Any] = self._own_model().get("config") or {}
        return config

    @property
    def this(self) -> Fields:
        """The table of the script's own model, as dbt's `this`."""
        return self._template_this()

    def is_incremental(self, materialized: object) -> bool:
        """Whether a Python model adds rows. dbt never says so of an ephemeral one."""
        if materialized != "incremental":
            return False
        refresh = self.own_config.get("full_refresh")
        if self._setup.full_refresh if refresh is None else refresh:
            return False
        return self.warehouse.has_table(self._manifest.relation(self._own_model())) is True

    def _known_statuses(self) -> dict[str, str]:
        """Of this run: dbt comes to a node when all that it builds above is there."""
        own = self._request.node
        built = nodes_of_run(self._setup.run_dir / SELECTION)
        known = (
            dict.fromkeys(built & self._manifest.ancestors(own), "success") if built else {}
        )
        return (
            {**known, own: self._request.node_status} if self._request.node_status else known
        )

    @property
    def _package(self) -> str:
        return self._node["package_name"] if self._node else super()._package

    def _model(self, names: tuple[str, ...], version: object) -> dict[str, Any]:
        model = super()._model(names, version)
        self._order.check(model)
        if self._deferral is None:
            return model
        return self._deferral.resolved(model, self._manifest.relation(model))

    def _source(self, source: str, table: str) -> dict[str, Any]:
        found = super()._source(source, table)
        self._order.check_source(found)
        return found

    def _check_read(self, unique_id: str) -> None:
        if node := self._manifest.nodes.get(unique_id):
            self._order.check(node)
        elif source := self._manifest.sources.get(unique_id):
            self._order.check_source(source)

    def execute_sql(self, sql: str, **options: Any) -> Any:
        """Run a statement with Jinja; once, if it may change something."""
        text, names_this = self._rendered(sql)
        if not may_change(text):
            return self._execute(text, options)
        if self.why_not_write:
            raise AftError(self.why_not_write)
        self._tell({"appended": True})
        try:
            result = self._execute(text, options)
        except BaseException as error:
            if is_undone(error):
                self._tell({"appended": False})
            raise
        # What a hook writes is not counted as the model's rows.
        if names_this and says_change(text) and self._request.when not in HOOKS:
            self._has_written = True
            self._tell({"written": True})
        return result

    def _template_this(self) -> Fields:
        if self._node is None:
            return super()._template_this()
        return self._template_relation(self._node, is_whole=True)

    def check_own_model(self, name: str) -> None:
        """Raise AftError unless ``name`` is the model that the script is bound to."""
        own = self._own_model()["name"]
        if name != own:
            raise AftError(f"a script writes to its own model, '{own}', and not to '{name}'")

    def _refuse_in_hook(self, function: str) -> None:
        if self._request.when in HOOKS:
            raise AftError(
                f"{function}() is not allowed in a hook; bind '{self._request.name}' under "
                "'scripts' instead"
            )

    def _own_model(self) -> dict[str, Any]:
        if self._node is None or self._node["resource_type"] != "model":
            place = (
                f"is bound to '{self._request.node}'"
                if self._request.node
                else "runs for the whole run"
            )
            raise AftError(
                f"write_to_model() needs a script that is bound to a model, but "
                f"'{self._request.name}' {place}"
            )
        return self._node

    def write_to_model(self, frame: Any, options: WriteOptions) -> None:
        """Write into the table of the model that the script is bound to."""
        self._refuse_in_hook("write_to_model")
        own = self._own_model()
        self._write_as_asked(frame, own, options)
        if self._request.when == "before":
            tell_if_replaced(own)
        self._has_written = True
        self._tell({"written": True})

    def write_source(self, frame: Any, source: str, table: str, options: WriteOptions) -> None:
        """Write into the table of a declared source."""
        self._refuse_in_hook("write_to_source")
        node = super()._source(source, table)
        for model in self._manifest.makers_of(node):
            if model is not self._node:
                raise AftError(
                    f"source '{source}.{table}' is the table of '{model['name']}', which a "
                    "script writes only where it is bound to that; bind the script there, or "
                    "write to another table"
                )
        self._write_as_asked(frame, node, options)
        self._order.tell_unordered_readers(node, self._built_after())

    def _write_as_asked(self, frame: Any, node: dict[str, Any], options: WriteOptions) -> None:
        if self.why_not_write:
            raise AftError(self.why_not_write)
        if options.mode == "append":
            with self._appending():
                self._write(frame, node, options)
        else:
            self._write(frame, node, options, self._rebuilt(node))

    def _rebuilt(self, node: dict[str, Any]) -> list[Relation]:
        """The relations of what this run builds from a node after this script."""
        built = self._built_after()
        if built:
            built &= self._manifest.descendants(node["unique_id"])
        return [
            self._manifest.relation(self._manifest.nodes[each])
            for each in built
            if _makes_its_relation(self._manifest.nodes[each])
        ]

    def _built_after(self) -> set[str]:
        """The unique ids of the nodes that this run surely builds after this script."""
        selected = nodes_of_run(self._setup.run_dir / SELECTION)
        if not selected or self._node is None:
            return set()
        own = self._node["unique_id"]
        after = self._manifest.descendants(own)
        return selected & (after | {own} if self._request.when == "before" else after)

    def table_use(self) -> dict[str, Any]:
        """What a script that has not written its ephemeral model's table leaves open.

        ``can_write``: whether its text may do so; if it may, ``is_table_there``, None where
        that can't be told.
        """
        config = (self._node or {}).get("config") or {}
        is_placeholder = config.get("materialized") == "ephemeral"
        if self._has_written or not is_placeholder or self._request.when in HOOKS:
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
