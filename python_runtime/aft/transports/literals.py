# SPDX-License-Identifier: Apache-2.0
"""Parameters of a query as literals, for statements that take no parameter marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aft import _aft
from aft.table_config import plain_literal

# What is quoted or commented out; a question mark in it is no mark.
_NO_CODE = re.compile(
    r"""\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|"""
    r"""\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*|/\*.*?\*/|\?""",
    re.DOTALL,
)


def code_of(sql: str) -> str:
    """The statement without what is quoted or commented out."""
    return _NO_CODE.sub(" ", sql)


def without_end(sql: str) -> str:
    """The statement without the semicolons and comments behind it."""
    comments = [found for found in _NO_CODE.finditer(sql) if found[0].startswith(("--", "/*"))]
    left = sql.rstrip("; \t\r\n")
    while comments and comments[-1].end() >= len(left) > comments[-1].start():
        left = left[: comments.pop().start()].rstrip("; \t\r\n")
    return left


def with_literals(sql: str, parameters: list[Any]) -> str:
    """The statement with the values of `aft.parameters` in the place of its marks."""
    marks = sum(found[0] == "?" for found in _NO_CODE.finditer(sql))
    if marks != len(parameters):
        raise _aft.Error(
            f"cannot run the query: it has {_count(marks, 'parameter mark')} (?), but "
            f"{_count(len(parameters), 'parameter')} "
            f"{'was' if len(parameters) == 1 else 'were'} given"
        )
    values: Iterator[Any] = iter(parameters)
    return _NO_CODE.sub(
        lambda found: literal(next(values)) if found[0] == "?" else found[0], sql
    )


def literal(value: Any) -> str:
    """A value as `aft.parameters` has it, with its type."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"CAST({value} AS BIGINT)"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, bytes):
        return "CAST('" + "".join(f"\\x{byte:02X}" for byte in value) + "' AS BLOB)"
    kind, text, precision, scale = value
    quoted = plain_literal(text)
    if kind == "decimal":
        return f"CAST({quoted} AS DECIMAL({max(precision, 1)},{scale}))"
    return quoted if kind == "text" else f"CAST({quoted} AS {kind.upper()})"


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"
