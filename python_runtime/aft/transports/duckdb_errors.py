# SPDX-License-Identifier: Apache-2.0
"""SQLSTATEs for DuckDB's errors, which have none."""

from __future__ import annotations

import re

from aft import _aft

# By the kind of error that DuckDB's message begins with.
_STATES = {
    "INTERRUPT": "57014",
    "Out of Memory": "53200",
    "Constraint": "23000",
    "Conversion": "22018",
    "Out of Range": "22003",
    "Invalid Input": "22000",
    "Permission": "42501",
    "Dependency": "2BP01",
    "Parser": "42000",
    "IO": "58030",
    "Connection": "08006",
    "Catalog": "42000",
    "Binder": "42000",
    "TransactionContext": "25000",
}
_KIND = re.compile(rf"({'|'.join(_STATES)}) Error:")
_GENERAL = "HY000"


def error_of(text: str) -> _aft.Error:
    """The error for a message of DuckDB's, without the part that points into the statement."""
    said = " ".join(text.partition("\n\nLINE ")[0].split())
    error = _aft.Error(said)
    error.sqlstate, error.native_code, error.function = _state_of(text), 0, "duckdb"
    return error


def _state_of(text: str) -> str:
    found = _KIND.search(text)
    if found is None:
        return _GENERAL
    kind, said = found[1], text[found.end() :].lower()
    if kind == "TransactionContext" and "conflict" in said:
        return "40001"
    if kind in ("Catalog", "Binder"):
        if "already exists" in said:
            return "42S01"
        if "does not exist" in said:
            return "42S02"
        if "column" in said:
            return "42S22"
    return _STATES[kind]
