# SPDX-License-Identifier: Apache-2.0
"""What DuckDB's types are read as, where Arrow or Parquet does not have them."""

from __future__ import annotations

import re

# Arrow has none of these, or frames take none of Arrow's.
_AS_TEXT = frozenset({"INTERVAL", "BIT", "BIGNUM", "VARINT", "TIME WITH TIME ZONE", "TIMETZ"})
# Parquet has no such integers, and DuckDB would write doubles.
_AS_DIGITS = frozenset({"HUGEINT", "UHUGEINT"})
_AS_TEXT_IN_FILES = frozenset({"UUID"})
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Z_]+(?: WITH TIME ZONE)?|.""", re.DOTALL
)
_DIGITS = "DECIMAL(38,0)"


def readable(kind: str, *, in_file: bool) -> str:
    """The type that a column of type ``kind`` is read as, or is in a Parquet file."""
    tokens = _TOKEN.findall(kind)
    words: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token in ("ENUM", "UNION"):
            at = _behind_parenthesis(tokens, at)
            words.append("VARCHAR")
        elif token in _AS_TEXT or (in_file and token in _AS_TEXT_IN_FILES):
            words.append("VARCHAR")
        elif token in _AS_DIGITS:
            words.append(_DIGITS)
        else:
            words.append(token)
    return "".join(words)


def readable_query(sql: str, columns: list[tuple[str, str]], *, in_file: bool) -> str:
    """A query whose columns, given with their types, all can be read.

    In a file they are called c0, c1 and so on.
    """
    wanted = [readable(kind, in_file=in_file) for _, kind in columns]
    # Names that are there twice would get others in a file.
    if not in_file and all(kind == given for kind, (_, given) in zip(wanted, columns)):
        return sql
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    values = ", ".join(
        (f"c{at}" if kind == given else f"CAST(c{at} AS {kind})")
        + f" AS {f'c{at}' if in_file else _quoted(name)}"
        for at, (kind, (name, given)) in enumerate(zip(wanted, columns))
    )
    return f"SELECT {values} FROM (\n{sql.rstrip().rstrip(';')}\n) AS aft_query({names})"


def _behind_parenthesis(tokens: list[str], at: int) -> int:
    depth = 0
    while at < len(tokens):
        depth += {"(": 1, ")": -1}.get(tokens[at], 0)
        at += 1
        if depth == 0:
            break
    return at


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
