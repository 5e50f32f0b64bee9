# SPDX-License-Identifier: Apache-2.0
"""SQLSTATEs for DuckDB's errors, which have none."""

from __future__ import annotations

from aft import _aft

# By the beginning of the message, as DuckDB itself names the kind of error.
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
}
_GENERAL = "HY000"


def error_of(text: str) -> _aft.Error:
    """The error for a message of DuckDB's, without the part that points into the statement."""
    said = " ".join(text.partition("\n\nLINE ")[0].split())
    error = _aft.Error(said)
    error.sqlstate, error.native_code, error.function = _state_of(text), 0, "duckdb"
    return error


def _state_of(text: str) -> str:
    if "conflict" in text.lower() and "Transaction" in text:
        return "40001"
    if "Catalog Error" in text or "Binder Error" in text:
        if "already exists" in text:
            return "42S01"
        if "does not exist" in text:
            return "42S02"
        return "42S22" if "column" in text.lower() else "42000"
    return next(
        (state for kind, state in _STATES.items() if f"{kind} Error" in text), _GENERAL
    )
