# SPDX-License-Identifier: Apache-2.0
"""What `context` says in a script: the node it is bound to, the target, its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aft.manifest import Manifest

_OWN_KEYS = ("fal", "aft")


@dataclass(frozen=True)
class Column:
    """A column as schema.yml declares it."""

    name: str
    tags: list[str]
    meta: dict[str, Any]


@dataclass(frozen=True)
class ModelTest:
    """A dbt test of the current model. ``status`` is None until the test has run."""

    name: str
    model_name: str
    column: str | None
    status: str | None = None


@dataclass(frozen=True)
class CurrentModel:
    """The node that a script is bound to. ``meta`` comes without aft's own settings."""

    name: str
    alias: str
    unique_id: str
    status: str
    columns: dict[str, Column]
    tests: list[ModelTest]
    meta: dict[str, Any]
    source_name: str | None = None  # Of a source table: the source that it belongs to.


@dataclass(frozen=True)
class ContextTarget:
    """The dbt target of the run."""

    profile_name: str
    name: str
    threads: int
    type: str
    database: str | None
    schema: str | None


@dataclass(frozen=True)
class ContextConfig:
    """Where the run keeps its files."""

    target_path: str


@dataclass(frozen=True)
class Context:
    """Everything that a script is told of the run."""

    current_model: CurrentModel | None
    target: ContextTarget
    config: ContextConfig
    # The variables of the project and of --vars, as dbt's `var` gives them.
    vars: dict[str, Any] = field(default_factory=dict)
    # What stands under ``with:`` beside the script's path in schema.yml, if anything does.
    arguments: dict[str, Any] = field(default_factory=dict)


def current_model(manifest: Manifest, unique_id: str, status: str) -> CurrentModel | None:
    """Describe the node, which dbt left with ``status``; None for what is no node."""
    node = manifest.bound_node(unique_id)
    if node is None:
        return None
    columns = {
        name: Column(name, list(column.get("tags") or []), dict(column.get("meta") or {}))
        for name, column in (node.get("columns") or {}).items()
    }
    tests = [
        ModelTest(_test_name(test), node["name"], test.get("column_name"))
        for test in manifest.tests_of(unique_id)
    ]
    meta = node.get("meta") or (node.get("config") or {}).get("meta") or {}
    return CurrentModel(
        name=node["name"],
        alias=node.get("alias") or node.get("identifier") or node["name"],
        unique_id=unique_id,
        status=status,
        columns=columns,
        tests=tests,
        meta={key: value for key, value in meta.items() if key not in _OWN_KEYS},
        source_name=node.get("source_name"),
    )


def _test_name(test: dict[str, Any]) -> str:
    metadata = test.get("test_metadata") or {}
    return str(metadata.get("name") or test["name"])
