# SPDX-License-Identifier: Apache-2.0
"""What `context` says in a script: the node it is bound to, the target, its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aft.project_nodes import Column, DbtTest, columns_of, meta_of


@dataclass(frozen=True)
class AdapterResponse:
    """What the database answered when dbt built the node."""

    message: str
    code: str | None = None
    rows_affected: int | None = None


@dataclass(frozen=True)
class CurrentModel:
    """The node that a script is bound to. ``meta`` comes without aft's own settings."""

    name: str
    alias: str
    unique_id: str
    status: str
    columns: dict[str, Column]
    tests: list[DbtTest]
    meta: dict[str, Any]
    source_name: str | None = None  # Of a source table: the source that it belongs to.
    adapter_response: AdapterResponse | None = None  # None if there is none.
    is_incremental: bool = False  # Materialized so, and not built anew by --full-refresh.


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


def current_model(
    node: dict[str, Any],
    status: str,
    response: dict[str, Any] | None,
    tests: list[DbtTest],
) -> CurrentModel:
    """Describe a node of the manifest as dbt left it.

    ``response`` is what dbt's results have as ``adapter_response``.
    """
    return CurrentModel(
        name=node["name"],
        alias=node.get("alias") or node.get("identifier") or node["name"],
        unique_id=node["unique_id"],
        status=status,
        columns=columns_of(node),
        tests=tests,
        meta=meta_of(node),
        source_name=node.get("source_name"),
        adapter_response=_adapter_response(response) if response else None,
    )


def adds_to_rows(node: dict[str, Any], full_refresh: bool) -> bool:
    """Whether dbt adds to the table of an incremental model, which it may build anew."""
    config = node.get("config") or {}
    own = config.get("full_refresh")
    is_built_anew = full_refresh if own is None else own
    return config.get("materialized") == "incremental" and not is_built_anew


def _adapter_response(response: dict[str, Any]) -> AdapterResponse:
    code, rows = response.get("code"), response.get("rows_affected")
    return AdapterResponse(
        message=str(response.get("_message") or ""),
        code=None if code is None else str(code),
        rows_affected=rows if isinstance(rows, int) else None,
    )
