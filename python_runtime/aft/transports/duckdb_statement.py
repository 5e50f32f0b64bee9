# SPDX-License-Identifier: Apache-2.0
"""What a statement of DuckDB's answers with, by its kind as DuckDB names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aft import _aft
from aft.transports.literals import code_of
from aft.transports.transport import TextRow

_CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE_INTO"})
_QUERIES = frozenset({"MULTI"})  # PIVOT makes a type before it selects.
_COUNT = ["Count"]
# Moments are written and read in it.
UTC = "SET TimeZone = 'UTC'"
SEVERAL = "SEVERAL"


def gives_rows(kind: str, is_query: bool, sql: str) -> bool:
    """Whether a statement gives rows. DuckDB itself says so of queries only.

    Raises _aft.Error for several statements, and for none.
    """
    if not kind:
        raise _aft.Error("cannot run the query: there is no statement in it")
    if kind == SEVERAL:
        raise _aft.Error(
            "cannot run the query: it is more than one statement; run one after the other"
        )
    if kind in _CHANGING:
        return "returning" in code_of(sql).lower().split()
    return is_query or kind in _QUERIES


def outcome(
    has_rows: bool, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[list[TextRow] | None, int]:
    """The rows as texts, if it gives any, and how many it changed, or -1."""
    if not has_rows:
        return None, int(rows[0][0]) if list(names) == _COUNT and rows else -1
    return [tuple(None if value is None else str(value) for value in row) for row in rows], -1
