# SPDX-License-Identifier: Apache-2.0
"""What a script can look up in dbt's manifest: nodes, sources and where they live."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aft.errors import AftError
from aft.nearest import did_you_mean

REFERABLE = frozenset({"model", "seed", "snapshot"})
_QUOTES = '"`['
_MOST_PARTS = 3
_NAME_PART = re.compile(r'"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[^.]+')


@dataclass(frozen=True)
class Relation:
    """A table or view by its parts; each says whether its name is to be quoted."""

    database: str | None
    schema: str | None
    identifier: str
    quote_database: bool = True
    quote_schema: bool = True
    quote_identifier: bool = True

    @classmethod
    def parse(cls, name: str) -> Relation:
        """The relation of a name in SQL, such as ``shop.orders`` or ``"My Shop"."Orders"``.

        Raises AftError for what is no such name.
        """
        parts = _NAME_PART.findall(name)
        is_whole = parts and ".".join(parts) == name and all(map(_is_part, parts))
        if not is_whole or len(parts) > _MOST_PARTS:
            raise AftError(f"'{name}' is no name of a table; write it as schema.table")
        *schemas, identifier = parts
        database, schema = ["", "", *schemas][-2:]
        return cls(
            _unquoted(database) or None,
            _unquoted(schema) or None,
            _unquoted(identifier),
            quote_database=_is_quoted(database),
            quote_schema=_is_quoted(schema),
            quote_identifier=_is_quoted(identifier),
        )


class Manifest:
    """dbt's manifest, indexed for scripts."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.path: Path | None = None  # Where the manifest was read from.
        self.nodes: dict[str, dict[str, Any]] = content["nodes"]
        self.sources: dict[str, dict[str, Any]] = content["sources"]
        self._disabled: dict[str, list[dict[str, Any]]] = content.get("disabled") or {}
        metadata = content["metadata"]
        self.name: str = metadata.get("project_name") or ""
        self._by_name: dict[str, list[dict[str, Any]]] = {}
        for node in self.nodes.values():
            if node["resource_type"] in REFERABLE:
                self._by_name.setdefault(node["name"], []).append(node)
        shown = self._shown_name()
        self._has_database = len(shown) > 2
        self._quoting = metadata.get("quoting") or _quoting_of(shown)
        self._ignores_case = metadata.get("adapter_type") == "sqlite"

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read the manifest.json at ``path``."""
        with path.open(encoding="utf-8") as file:
            manifest = cls(json.load(file))
        manifest.path = path
        return manifest

    def bound_node(self, unique_id: str) -> dict[str, Any] | None:
        """The node or the source table that a script is bound to."""
        return self.nodes.get(unique_id) or self.sources.get(unique_id)

    def find_model(
        self, name: str, package: str | None, version: object, caller_package: str
    ) -> dict[str, Any]:
        """The node that ``ref`` means in a script of ``caller_package``.

        Looks as dbt does: in the package named, or else in the caller's, the root project
        and all others; without a version the latest one counts.
        """
        found = self._by_name.get(name, [])
        if package is not None:
            found = [node for node in found if node["package_name"] == package]
        if version is not None:
            found = [node for node in found if str(node.get("version")) == str(version)]
        elif len(found) > 1:
            found = [n for n in found if n.get("version") == n.get("latest_version")]
        if found:
            return self._nearest(found, caller_package)
        raise AftError(self._unknown_model(name, package, version))

    def find_source(self, source: str, table: str, caller_package: str) -> dict[str, Any]:
        """The source table that ``source`` means in a script of ``caller_package``."""
        wanted = (source, table)
        found = [e for e in self.sources.values() if (e["source_name"], e["name"]) == wanted]
        if found:
            return self._nearest(found, caller_package)
        known = [f"{entry['source_name']}.{entry['name']}" for entry in self.sources.values()]
        raise AftError(
            f"there is no source '{source}.{table}' in the project"
            + did_you_mean(f"{source}.{table}", known)
        )

    def relation(self, node: dict[str, Any]) -> Relation:
        """Where ``node`` lives in the warehouse, ephemeral models included."""
        quoting = dict(self._quoting)
        own = node.get("quoting") or (node.get("config") or {}).get("quoting") or {}
        quoting.update({key: value for key, value in own.items() if value is not None})
        return Relation(
            database=node.get("database") if self._has_database else None,
            schema=node.get("schema"),
            identifier=node.get("alias") or node.get("identifier") or node["name"],
            quote_database=quoting.get("database") is not False,
            quote_schema=quoting.get("schema") is not False,
            quote_identifier=quoting.get("identifier") is not False,
        )

    def makers_of(self, source: dict[str, Any]) -> list[dict[str, Any]]:
        """The nodes whose table is that of a source, by their names in the warehouse."""
        wanted = self._table_name(source)
        return [
            node
            for nodes in self._by_name.values()
            for node in nodes
            if _has_table(node) and self._table_name(node) == wanted
        ]

    def _table_name(self, node: dict[str, Any]) -> tuple[str | None, ...]:
        relation = self.relation(node)
        parts = (
            (relation.database, relation.quote_database),
            (relation.schema, relation.quote_schema),
            (relation.identifier, relation.quote_identifier),
        )
        return tuple(
            part if part is None or (is_quoted and not self._ignores_case) else part.casefold()
            for part, is_quoted in parts
        )

    def ancestors(self, unique_id: str) -> set[str]:
        """The unique ids of all that a node is built from, directly or not."""
        found: set[str] = set()
        open_ids = [unique_id]
        while open_ids:
            node = self.nodes.get(open_ids.pop()) or {}
            parents = set((node.get("depends_on") or {}).get("nodes") or ()) - found
            found |= parents
            open_ids.extend(parents)
        return found

    def descendants(self, unique_id: str) -> set[str]:
        """The unique ids of all that is built from a node, directly or not."""
        children: dict[str, list[str]] = {}
        for each, node in self.nodes.items():
            for parent in (node.get("depends_on") or {}).get("nodes") or ():
                children.setdefault(parent, []).append(each)
        found: set[str] = set()
        open_ids = [unique_id]
        while open_ids:
            more = set(children.get(open_ids.pop(), ())) - found
            found |= more
            open_ids.extend(more)
        return found

    def tests_of(self, unique_id: str) -> list[dict[str, Any]]:
        """The tests that are attached to a node."""
        return self._tests.get(unique_id, [])

    @cached_property
    def _tests(self) -> dict[str | None, list[dict[str, Any]]]:
        tests: dict[str | None, list[dict[str, Any]]] = {}
        for node in self.nodes.values():
            if node["resource_type"] == "test":
                tests.setdefault(self.tested_by(node), []).append(node)
        return tests

    def tested_by(self, test: dict[str, Any]) -> str | None:
        """The unique id of the node that a test is of; None if it is of several."""
        attached: str | None = test.get("attached_node")
        parents = (test.get("depends_on") or {}).get("nodes") or []
        return attached or (parents[0] if len(parents) == 1 else None)

    def _nearest(self, found: list[dict[str, Any]], caller_package: str) -> dict[str, Any]:
        """The caller's own entry before the root project's before any other package's."""
        packages = (caller_package, self.name)
        ranks = {package: rank for rank, package in reversed(list(enumerate(packages)))}
        return min(found, key=lambda e: ranks.get(e["package_name"], len(packages)))

    def _shown_name(self) -> list[str]:
        """The parts of some relation's name, which show how this adapter writes them."""
        names = (node.get("relation_name") for node in self.nodes.values())
        return _NAME_PART.findall(next(filter(None, names), ""))

    def _unknown_model(self, name: str, package: str | None, version: object) -> str:
        wanted = f"'{name}'" if package is None else f"'{package}.{name}'"
        if version is not None:
            wanted += f" (version {version})"
        for entries in self._disabled.values():
            if any(entry.get("name") == name for entry in entries):
                return f"model {wanted} is disabled; enable it in its config"
        return f"there is no model {wanted} in the project" + did_you_mean(name, self._by_name)


def _has_table(node: dict[str, Any]) -> bool:
    """Whether dbt or a script makes a table of a model, a seed or a snapshot."""
    config = node.get("config") or {}
    meta = {**(config.get("meta") or {}), **(node.get("meta") or {})}
    return config.get("materialized") != "ephemeral" or not meta.keys().isdisjoint(
        ("aft", "fal")
    )


def _is_part(part: str) -> bool:
    """Whether a quotation mark that it begins with is closed."""
    return not _is_quoted(part) or (len(part) > 2 and part[-1] in _QUOTES + "]")


def _is_quoted(part: str) -> bool:
    return part[:1] in tuple(_QUOTES)


def _unquoted(part: str) -> str:
    if not _is_quoted(part):
        return part
    mark = part[-1]
    return part[1:-1].replace(mark * 2, mark)


def _quoting_of(parts: list[str]) -> dict[str, bool | None]:
    """The project's quoting as far as a name shows it; older manifests don't say it."""
    kinds = ("identifier", "schema", "database")
    return {kind: part[0] in _QUOTES for kind, part in zip(kinds, reversed(parts))}
