# SPDX-License-Identifier: Apache-2.0
"""The tables of a dbt project, read and written by the names that dbt has for them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from aft import messages
from aft.errors import AftError, WarehouseError
from aft.manifest import Manifest, Relation
from aft.nearest import did_you_mean
from aft.query import Query, Sql
from aft.read_options import ReadOptions
from aft.sql_jinja import Fields, Names, SqlRenderer
from aft.sql_text import check_statement
from aft.table_config import TableConfig
from aft.warehouse import Warehouse
from aft.write_options import WriteOptions

# PostgreSQL's, of a name without a schema.
_UNDEFINED_TABLE = "42P01"
_NOT_FOUND = re.compile(r'relation "([^".]+)" does not exist')
# Materializations that a script cannot write to, in words.
_VIEWS = {"view": "view", "materialized_view": "materialized view"}


class Tables:
    """Finds models and sources in the manifest, and reads and writes their tables.

    How rows get to the warehouse and back is left to the warehouse.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        manifest: Manifest,
        *,
        empty: bool = False,
        sample: tuple[str, str] | None = None,
        choices: Mapping[str, str] | None = None,
        renderer: SqlRenderer | None = None,
    ) -> None:
        """``empty`` and ``sample`` are dbt's --empty and the window of its --sample.

        ``choices`` are the project's for DataFrames, see `profile.CHOICES`. Without a
        ``renderer``, statements have no Jinja.
        """
        self.warehouse = warehouse
        self._manifest = manifest
        self._empty = empty
        self._sample = sample
        self._choices = choices or {}
        self._renderer = renderer

    def ref(self, names: tuple[str, ...], version: object, **options: Any) -> Any:
        """Read the model that dbt's `ref` would mean here; see `ReadOptions`."""
        return self._read(self._model(names, version), ReadOptions(**options))

    def source(self, source: str, table: str, **options: Any) -> Any:
        """Read a declared source table; see `ReadOptions`."""
        return self._read(self._source(source, table), ReadOptions(**options))

    def read_sql(self, sql: str, parameters: object = None, **options: Any) -> Any:
        """The rows of a query of the user's own; see `ReadOptions` and `aft.read_sql`."""
        chosen = ReadOptions(**options)
        query = Sql(sql, chosen.reading(self._choices), parameters)
        try:
            return frame_of(self.warehouse, query, chosen, "the query", self._choices)
        except AftError as error:
            if "{{" in sql or "{%" in sql:
                error.args = (
                    f"{error}; read_sql does not render Jinja; use execute_sql, or write "
                    "the relation's own name",
                )
            elif isinstance(error, WarehouseError):
                error.args = (f"{error}{self._where_it_is(error)}",)
            raise

    def _where_it_is(self, error: WarehouseError) -> str:
        """What to write for a table of the project that a query has not found by its name."""
        missing = _NOT_FOUND.search(str(error)) if error.sqlstate == _UNDEFINED_TABLE else None
        if missing is None:
            return ""
        name = missing[1]
        nodes = [*self._manifest.nodes.values(), *self._manifest.sources.values()]
        found = {self._manifest.relation(node) for node in nodes if name in _names(node)}
        shown = sorted(f"{each.schema}.{each.identifier}" for each in found if each.schema)
        if not shown:
            return ""
        return (
            f"; write {' or '.join(shown)}: a name without a schema is looked for in the "
            "connection's search_path, as in dbt's own queries"
        )

    def execute_sql(self, sql: str, **options: Any) -> Any:
        """Run a statement with Jinja; its rows, if it gives any. See `aft.execute_sql`."""
        return self._execute(self._rendered(sql)[0], options)

    def _execute(self, sql: str, options: Mapping[str, Any]) -> Any:
        chosen = ReadOptions(**options)
        query = Sql(sql, chosen.reading(self._choices), any_statement=True)
        return frame_of(self.warehouse, query, chosen, "the statement", self._choices)

    def _rendered(self, sql: str) -> tuple[str, bool]:
        """The statement in SQL, and whether it names `this`. Raises AftError."""
        names_this = False
        if self._renderer is not None:
            names = Names(
                self._template_ref,
                self._template_source,
                self._template_this,
                self._check_read,
            )
            sql, names_this = self._renderer.render(sql, names)
        check_statement(sql)
        return sql, names_this

    def _template_ref(self, *names: str, v: object = None, version: object = None) -> Fields:
        return self._template_relation(self._model(names, version if v is None else v))

    def _template_source(self, source: str, table: str) -> Fields:
        return self._template_relation(self._source(source, table))

    def _template_this(self) -> Fields:
        raise AftError("'this' is the table of the model that a script is bound to")

    def _check_read(self, unique_id: str) -> None:
        """Raise AftError where the node may not be read now."""

    def _template_relation(self, node: dict[str, Any], *, is_whole: bool = False) -> Fields:
        """What a node is called in SQL; the rows that dbt's own models would read of it."""
        relation = self._manifest.relation(node)
        text = node.get("relation_name") or self.warehouse.sql_name(relation)
        conditions = () if is_whole else self._dbts_conditions(node)
        if conditions:
            where = " and ".join(conditions)
            text = f"(select * from {text} where {where}) _dbt_limit_subq_{node['name']}"
        fields = {
            "database": relation.database,
            "schema": relation.schema,
            "identifier": relation.identifier,
            "name": relation.identifier,
            "table": relation.identifier,
        }
        return Fields(node["name"], fields, text)

    def write(self, frame: Any, model: str, options: WriteOptions) -> None:
        """Write a frame to the table of the model of that name."""
        node = self._model(tuple(model.split(".")), None)
        if node["resource_type"] != "model":
            raise AftError(f"'{model}' is a {node['resource_type']}, which only dbt writes")
        self._write(frame, node, options)
        tell_if_replaced(node)

    def write_source(self, frame: Any, source: str, table: str, options: WriteOptions) -> None:
        """Write a frame to a declared source table."""
        self._write(frame, self._source(source, table), options)

    def _read(self, node: dict[str, Any], options: ReadOptions) -> Any:
        relation = node.get("relation_name") or self._manifest.relation(node)
        query = Query(
            relation,
            options.columns,
            (*self._dbts_conditions(node), *([options.where] if options.where else [])),
            options.limit,
            options.reading(self._choices),
        )
        try:
            if query.columns:
                # Not left to the database: SQLite takes an unknown name for a text.
                known = self.warehouse.column_names(relation)
                _check_columns(query.columns, known, node["name"])
            return frame_of(self.warehouse, query, options, f"'{node['name']}'", self._choices)
        except WarehouseError as error:
            if self.warehouse.has_table(relation) is False:
                error.args = (f"{_why_missing(node)} ({error})",)
            elif options.where:
                error.args = (f"{error}; the condition is where={options.where!r}",)
            raise

    def _write(
        self,
        frame: Any,
        node: dict[str, Any],
        options: WriteOptions,
        rebuilt: Iterable[Relation] = (),
    ) -> None:
        """Write a frame to the table of a node, after which ``rebuilt`` are built anew."""
        kind = (node.get("config") or {}).get("materialized")
        if kind in _VIEWS:
            raise AftError(
                f"cannot write to '{node['name']}': dbt materializes it as a {_VIEWS[kind]}, "
                "which a table would replace; materialize it as 'table', 'incremental' or "
                "'ephemeral'"
            )
        further = {**options.further(), "rebuilt": [dataclasses.asdict(r) for r in rebuilt]}
        types = options.column_types()
        further["types_are_declared"] = not types
        # What a source's name stands for is not aft's to replace by something else.
        further["keeps_views"] = node["resource_type"] == "source"
        self.warehouse.write(
            frame,
            self._manifest.relation(node),
            options.mode,
            types,
            further,
            TableConfig(node),
        )

    @property
    def _package(self) -> str:
        """The package whose models a bare name means first."""
        return self._manifest.name

    def _model(self, names: tuple[str, ...], version: object) -> dict[str, Any]:
        if len(names) not in (1, 2) or not all(isinstance(name, str) for name in names):
            raise AftError("ref() takes a model's name, or a package's and a model's")
        package = names[0] if len(names) == 2 else None
        return self._manifest.find_model(names[-1], package, version, self._package)

    def _source(self, source: str, table: str) -> dict[str, Any]:
        return self._manifest.find_source(source, table, self._package)

    def _dbts_conditions(self, node: dict[str, Any]) -> tuple[str, ...]:
        """Which rows of a node dbt's own models would read, if not all."""
        event_time = (node.get("config") or {}).get("event_time")
        if self._empty:
            return ("1 = 0",)
        if self._sample and event_time:
            start, end = self._sample
            return (f"{event_time} >= '{start}' and {event_time} < '{end}'",)
        return ()


def frame_of(
    warehouse: Warehouse,
    query: Query | Sql,
    options: ReadOptions,
    name: str,
    choices: Mapping[str, str],
) -> Any:
    """The rows of a query, which messages call ``name``, as the frame that was asked for."""
    if options.frame == "batches":
        return warehouse.stream(query)
    table = warehouse.read_table(query, options.partitions)
    return options.to_frame(table, name, choices)


def tell_if_replaced(node: dict[str, Any]) -> None:
    """Warn of rows in a table that dbt makes anew whenever it builds the node."""
    if (node.get("config") or {}).get("materialized") == "table":
        messages.warn(
            f"dbt builds the table of '{node['name']}' from the model's own query, which "
            "replaces these rows the next time; materialize it as 'ephemeral' to keep them"
        )


def _names(node: dict[str, Any]) -> tuple[object, ...]:
    return (node["name"], node.get("alias"), node.get("identifier"))


def _why_missing(node: dict[str, Any]) -> str:
    name, kind = node["name"], node["resource_type"]
    if kind == "source":
        table = f"{node['source_name']}.{name}"
        return f"source '{table}' has no table yet; whatever loads it has to run first"
    if (node.get("config") or {}).get("materialized") == "ephemeral":
        return (
            f"model '{name}' is ephemeral, and no script has written a table for it; read "
            "the models that it selects from, or materialize it as a view"
        )
    command = {"seed": "seed", "snapshot": "snapshot"}.get(kind, "run")
    return f"{kind} '{name}' has no table yet; build it: dbt {command} --select {name}"


def _check_columns(wanted: Iterable[str], known: list[str], table: str) -> None:
    for name in wanted:
        if name not in known:
            raise AftError(
                f"there is no column '{name}' in '{table}'" + did_you_mean(name, known)
            )
