# SPDX-License-Identifier: Apache-2.0
"""What nobody may read of the way to the warehouse."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

# dbt's own rule for variables of the environment.
SECRET_VARIABLE = "DBT_ENV_SECRET"

# Names of what adapters and ODBC drivers take as secrets, and of what only sounds alike.
_SECRET_NAME = re.compile(
    r"pass|pwd|secret|token|private_?key|api_?key|access_?key|credential|keyfile_json", re.I
)
_PLAIN_NAME = re.compile(r"path|method|endpoint|uri|url|type|expiration|command", re.I)

# An attribute of a connection string; its value may stand in braces (SQLDriverConnect).
_ATTRIBUTE = re.compile(r"([^;=]+)=(\{(?:[^}]|\}\})*\}|[^;]*)")


def secrets_of(credentials: Mapping[str, Any], connection_string: str) -> list[str]:
    """All secrets of a target and of the environment, in each form they may appear in."""
    environment = (
        value for name, value in os.environ.items() if name.startswith(SECRET_VARIABLE)
    )
    found = {*environment, *_in_credentials(credentials), *_in_string(connection_string)}
    forms = {form for secret in found if secret for form in _forms(secret)}
    # One may be the beginning of another one.
    return sorted(sorted(forms), key=len, reverse=True)


def _in_credentials(credentials: Mapping[str, Any]) -> Iterator[str]:
    for name, value in credentials.items():
        if _is_secret(str(name)):
            yield from _texts(value)
        elif isinstance(value, Mapping):
            yield from _in_credentials(value)


def _in_string(connection_string: str) -> Iterator[str]:
    for name, value in _ATTRIBUTE.findall(connection_string):
        if _is_secret(name):
            yield value
            yield value[1:-1].replace("}}", "}") if value.startswith("{") else value


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _PLAIN_NAME.search(name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _all_texts(value.values())
    elif isinstance(value, (list, tuple)):
        yield from _all_texts(value)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _all_texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)


def _forms(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        secret.replace("}", "}}"),
        secret.replace("'", "''"),
    }
