# SPDX-License-Identifier: Apache-2.0
"""What DuckDB's types are read as, where Arrow or Parquet does not have them."""

from __future__ import annotations

import re

from aft.transports.literals import without_end

# Arrow has none of these, or frames take none of Arrow's.
_AS_TEXT = frozenset(
    {"INTERVAL", "BIT", "BIGNUM", "VARINT", "TIME WITH TIME ZONE", "TIMETZ", "VARIANT"}
)
# Parquet has no such integers, and DuckDB would write doubles. Nor has it whole seconds.
_AS_OTHERS = {
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
}
_AS_TEXT_IN_FILES = frozenset({"UUID"})
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+(?: WITH TIME ZONE)?|.""", re.DOTALL)


def readable(kind: str, *, in_file: bool) -> str:
    """The type that a column of type ``kind`` is read as, or is in a Parquet file."""
    tokens = _TOKEN.findall(kind)
    words: list[str] = []
    open_types: list[str] = []  # Which a parenthesis follows.
    at = 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if is_name := _begins_name(words, open_types):
            words.append(token)
        elif token in ("ENUM", "UNION"):
            at = _behind_parenthesis(tokens, at)
            words.append("VARCHAR")
        elif token in _AS_TEXT or (in_file and token in _AS_TEXT_IN_FILES):
            words.append("VARCHAR")
        elif token == "[" and in_file:
            # pyarrow reads no NULL where DuckDB has written lists of one length.
            at = tokens.index("]", at)
            words.append(token)
        else:
            words.append(_AS_OTHERS.get(token, token))
        if token == "(" and not is_name:
            open_types.append(words[-2])
        elif token == ")" and not is_name:
            open_types.pop()
    return "".join(words)


def _begins_name(words: list[str], open_types: list[str]) -> bool:
    """Whether the name of a STRUCT's part is next, which may be like a type's."""
    if not open_types or open_types[-1] != "STRUCT":
        return False
    return words[-1] == "(" or words[-2:] == [",", " "]


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
    return f"SELECT {values} FROM (\n{without_end(sql)}\n) AS aft_query({names})"


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
