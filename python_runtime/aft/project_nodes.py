# SPDX-License-Identifier: Apache-2.0
"""The models, sources and tests of a project, as `list_models()` and the like give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aft.manifest import Manifest

# Of a model that dbt has no result for.
_NOT_RUN = "skipped"
_OWN_KEYS = ("fal", "aft", "aft_model")
# dbt's results: of nodes, and of the freshness of sources.
_RESULT_FILES = ("run_results.json", "sources.json")


@dataclass(frozen=True)
class Column:
    """A column as schema.yml declares it."""

    name: str
    tags: list[str]
    meta: dict[str, Any]
    description: str = ""


@dataclass(frozen=True)
class DbtTest:
    """A dbt test. ``status`` is None until the test has run.

    ``model_name`` is the model or source table that it is of; "" if it is of several.
    """

    name: str
    model_name: str
    column: str | None
    status: str | None = None
    unique_id: str = ""


@dataclass(frozen=True)
class DbtModel:
    """A model. ``status`` is "skipped" if it has not run; ``meta`` lacks aft's settings."""

    name: str
    alias: str
    unique_id: str
    package_name: str
    status: str
    description: str
    columns: dict[str, Column]
    tests: list[DbtTest]
    tags: list[str]
    meta: dict[str, Any]
    materialized: str
    database: str | None
    schema: str | None


@dataclass(frozen=True)
class DbtSource:
    """A table of a source. ``status`` is of its freshness, and None if that is not known."""

    name: str
    source_name: str
    unique_id: str
    package_name: str
    status: str | None
    description: str
    columns: dict[str, Column]
    tests: list[DbtTest]
    tags: list[str]
    meta: dict[str, Any]
    identifier: str
    database: str | None
    schema: str | None


@dataclass(frozen=True)
class Feature:
    """A column of a model with ``meta: fal: feature_store``."""

    model: str
    column: str
    description: str
    entity_column: str
    timestamp_column: str


class ProjectNodes:
    """What the manifest says of a project's nodes, and dbt's results of their status."""

    def __init__(
        self, manifest: Manifest, target_path: Path, known: Mapping[str, str] | None = None
    ) -> None:
        """``known`` has statuses of this run, by unique id, which dbt's results lack yet."""
        self._manifest = manifest
        self._target_path = target_path
        self._known = known or {}

    def models(self) -> list[DbtModel]:
        """All models, of packages as well."""
        return [
            DbtModel(
                name=node["name"],
                alias=node.get("alias") or node["name"],
                materialized=(node.get("config") or {}).get("materialized") or "",
                status=self._statuses.get(node["unique_id"], _NOT_RUN),
                **self._common(node),
            )
            for node in self._manifest.nodes.values()
            if node["resource_type"] == "model"
        ]

    def sources(self) -> list[DbtSource]:
        """The tables of all sources."""
        return [
            DbtSource(
                name=node["name"],
                source_name=node["source_name"],
                identifier=node.get("identifier") or node["name"],
                status=self._statuses.get(node["unique_id"]),
                **self._common(node),
            )
            for node in self._manifest.sources.values()
        ]

    def tests(self) -> list[DbtTest]:
        """All data tests and unit tests of models and sources."""
        return self._described(
            node for node in self._manifest.nodes.values() if node["resource_type"] == "test"
        )

    def features(self) -> list[Feature]:
        """The columns of models with a feature store, but for its entity and its time."""
        return [
            Feature(node["name"], name, column.description, entity, timestamp)
            for node in self._manifest.nodes.values()
            for entity, timestamp in _feature_stores(node)
            for name, column in columns_of(node).items()
            if name not in (entity, timestamp)
        ]

    def tests_of(self, unique_id: str) -> list[DbtTest]:
        """The tests of a model or of a source's table."""
        return self._described(self._manifest.tests_of(unique_id))

    def _described(self, tests: Iterable[dict[str, Any]]) -> list[DbtTest]:
        described = []
        for test in tests:
            of = self._manifest.bound_node(self._manifest.tested_by(test) or "") or {}
            name = (test.get("test_metadata") or {}).get("name") or test["name"]
            described.append(
                DbtTest(
                    str(name),
                    of.get("name", ""),
                    test.get("column_name"),
                    self._statuses.get(test["unique_id"]),
                    test["unique_id"],
                )
            )
        return described

    def _common(self, node: dict[str, Any]) -> dict[str, Any]:
        return {
            "unique_id": node["unique_id"],
            "package_name": node["package_name"],
            "description": node.get("description") or "",
            "columns": columns_of(node),
            "tests": self.tests_of(node["unique_id"]),
            "tags": list(node.get("tags") or []),
            "meta": meta_of(node),
            "database": node.get("database"),
            "schema": node.get("schema"),
        }

    @cached_property
    def _statuses(self) -> dict[str, str]:
        statuses: dict[str, str] = {}
        for name in _RESULT_FILES:
            try:
                content = json.loads((self._target_path / name).read_bytes())
                results = {
                    each["unique_id"]: str(each["status"]) for each in content["results"]
                }
            except (OSError, ValueError, KeyError, TypeError):
                continue  # dbt has not run, or writes it at this moment.
            statuses.update(results)
        return {**statuses, **self._known}


def columns_of(node: Mapping[str, Any]) -> dict[str, Column]:
    """The columns of a node by their names."""
    return {
        name: Column(
            name,
            list(_config_or_own(column, "tags") or []),
            dict(_config_or_own(column, "meta") or {}),
            column.get("description") or "",
        )
        for name, column in (node.get("columns") or {}).items()
    }


def meta_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's ``meta`` without aft's own settings."""
    meta = _config_or_own(node, "meta") or {}
    return {key: value for key, value in meta.items() if key not in _OWN_KEYS}


def _config_or_own(entry: Mapping[str, Any], key: str) -> Any:
    return entry.get(key) or (entry.get("config") or {}).get(key)


def _feature_stores(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    if node["resource_type"] != "model":
        return []
    settings = (_config_or_own(node, "meta") or {}).get("fal")
    store = settings.get("feature_store") if isinstance(settings, dict) else None
    if not isinstance(store, dict):
        return []
    return [(str(store.get("entity_column")), str(store.get("timestamp_column")))]
