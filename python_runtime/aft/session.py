# SPDX-License-Identifier: Apache-2.0
"""What stands behind `ref`, `write_to_model` and the other names in a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aft.errors import AftError, WarehouseError
from aft.profile import Setup, Target
from aft.project import Project, Relation
from aft.script_context import Context, ContextConfig, ContextTarget, current_model
from aft.warehouse import CONNECTION_LOST, Warehouse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MODES = ("overwrite", "append")

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


class ScriptSession:
    """One script's view of the project and its way to the warehouse."""

    def __init__(
        self, request: Request, setup: Setup, target: Target, project: Project, tell: Tell
    ) -> None:
        self._tell = tell
        self._has_appended = False
        self._project = project
        self._request = request
        self._setup = setup
        self._node = project.bound_node(request.node)
        self.warehouse = Warehouse(target)
        self.context = Context(
            current_model=current_model(project, request.node, request.node_status),
            target=ContextTarget(**target.described()),
            config=ContextConfig(str(setup.target_path)),
            _arguments=request.arguments,
        )

    def ref(self, names: tuple[str, ...], version: object) -> pd.DataFrame:
        """Read the model that dbt's `ref` would mean here."""
        return self.warehouse.read(*self._rows(self._model(names, version)))

    def source(self, source: str, table: str) -> pd.DataFrame:
        """Read a declared source table."""
        return self.warehouse.read(*self._rows(self._source(source, table)))

    def ref_table(self, names: tuple[str, ...], version: object) -> pa.Table:
        """As `ref`, but an Arrow table."""
        return self.warehouse.read_table(*self._rows(self._model(names, version)))

    def source_table(self, source: str, table: str) -> pa.Table:
        """As `source`, but an Arrow table."""
        return self.warehouse.read_table(*self._rows(self._source(source, table)))

    @property
    def arguments(self) -> dict[str, Any]:
        """What `with` gave the script."""
        return self._request.arguments or {}

    def _model(self, names: tuple[str, ...], version: object) -> dict[str, Any]:
        if len(names) not in (1, 2) or not all(isinstance(name, str) for name in names):
            raise AftError("ref() takes a model's name, or a package's and a model's")
        package = names[0] if len(names) == 2 else None
        return self._project.find_model(names[-1], package, version, self._package)

    def _source(self, source: str, table: str) -> dict[str, Any]:
        return self._project.find_source(source, table, self._package)

    @property
    def _package(self) -> str:
        return self._node["package_name"] if self._node else self._project.name

    def _rows(self, node: dict[str, Any]) -> tuple[str | Relation, str]:
        """Where a node's rows are, and which of them dbt's own models would read."""
        relation = node.get("relation_name") or self._project.relation(node)
        event_time = (node.get("config") or {}).get("event_time")
        if self._setup.empty:
            return relation, "1 = 0"
        if self._setup.sample and event_time:
            start, end = self._setup.sample
            return relation, f"{event_time} >= '{start}' and {event_time} < '{end}'"
        return relation, ""

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

    def write_to_model(self, frame: Any, mode: str, dtype: Any) -> None:
        """Write into the table of the model that the script is bound to."""
        own = self._own_model()
        if mode not in MODES:
            raise AftError(
                f"write_to_model() has no mode '{mode}'; the modes are 'overwrite' and "
                "'append'"
            )
        relation = self._project.relation(own)
        column_types = _column_types(dtype)
        if mode == "append":
            with self._appending():
                self.warehouse.write(frame, relation, mode, column_types)
        else:
            self.warehouse.write(frame, relation, mode, column_types)

    @contextmanager
    def _appending(self) -> Iterator[None]:
        """Let the plugin know that the script is not to be repeated from here on.

        Told before the rows go, so that it is known however this process ends.
        """
        self._tell({"appended": True})
        try:
            yield
        except BaseException as error:
            if _is_undone(error) or not self.warehouse.may_have_committed:
                self._tell({"appended": self._has_appended})
            else:
                self._has_appended = True
            raise
        self._has_appended = True


def _is_undone(error: BaseException) -> bool:
    if not isinstance(error, WarehouseError) or error.is_unknown:
        return False
    # What the server refuses has not been committed; its answer may be what was lost.
    return error.is_undone or not error.sqlstate.startswith(CONNECTION_LOST)


def _column_types(dtype: Any) -> dict[str, str]:
    if dtype is None:
        return {}
    if not isinstance(dtype, Mapping):
        raise AftError("'dtype' must map names of columns to types of the warehouse")
    # A type of SQLAlchemy prints itself as SQL; a class of types stands for its default.
    return {
        str(name): str(kind() if isinstance(kind, type) else kind)
        for name, kind in dtype.items()
    }
