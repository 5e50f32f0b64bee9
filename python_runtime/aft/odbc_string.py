# SPDX-License-Identifier: Apache-2.0
"""ODBC connection strings: attributes between semicolons, values in braces where needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

# Names of environment variables that give a connection string begin with it.
VARIABLE = "AFT_ODBC_CONNECTION"
# In braces, which '}}' does not end, or up to the next semicolon. What follows a closing
# brace is nothing's value. A brace that nothing closes takes the rest.
_ATTRIBUTE = re.compile(
    r"\s*([^;=]+?)\s*=\s*(?:\{((?:[^}]|\}\})*)(?:\}[^;]*|$)|([^;]*))(?:;|$)"
)


def attributes(connection_string: str) -> Iterator[tuple[str, str]]:
    """Each attribute's name, as it is written, and its value without braces."""
    for name, braced_value, bare in _ATTRIBUTE.findall(connection_string):
        yield name, braced_value.replace("}}", "}") or bare.rstrip()


def names(connection_string: str) -> frozenset[str]:
    """The names of all attributes in lower case; to ODBC, case makes no difference."""
    return frozenset(name.lower() for name, _ in attributes(connection_string))


def value(connection_string: str, *wanted: str) -> str | None:
    """The value of the first attribute that has one of the names, in lower case."""
    for name, found in attributes(connection_string):
        if name.lower() in wanted:
            return found
    return None


def braced(text: object) -> str:
    """A value in which no character has a meaning of its own."""
    return "{" + str(text).replace("}", "}}") + "}"


def joined(given: Mapping[str, object]) -> str:
    """A connection string of these attributes; one that is None is left out."""
    return ";".join(_written(given.items()))


def completed(
    connection_string: str,
    needed: Mapping[str, object],
    preferred: Mapping[str, object],
    first_wins: bool,
) -> str:
    """The string with attributes added: ``needed``, and ``preferred`` where it lacks them.

    Drivers differ in which of two values counts; ``first_wins`` says what this one does.
    """
    given = names(connection_string)
    lacking = (pair for pair in preferred.items() if pair[0].lower() not in given)
    added = ";".join([*_written(needed.items()), *_written(lacking)])
    own = connection_string.rstrip().rstrip(";")
    return ";".join(filter(None, (added, own) if first_wins else (own, added)))


def _written(pairs: Iterable[tuple[str, object]]) -> Iterator[str]:
    return (f"{name}={value}" for name, value in pairs if value is not None)
