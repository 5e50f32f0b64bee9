# SPDX-License-Identifier: Apache-2.0
"""What this process must never tell anybody, and how it is kept out of texts.

The list of secret names and the masker are C++ (``plugin/secrets``), the same for what
leaves a worker and for what aft itself prints.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aft import _secrets, odbc_string

# dbt's own rule for variables of the environment.
SECRET_VARIABLE = "DBT_ENV_SECRET"
# Passwords that drivers take from the environment.
_PASSWORD_VARIABLES = ("PGPASSWORD", "MYSQL_PWD")


@dataclass(frozen=True)
class Secrets:
    """Texts to mask wherever they would be read, and names that people have to read.

    What is both, a password `postgres` of the user `postgres`, is masked only where it
    stands as a secret.
    """

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()

    def masked(self, text: str) -> str:
        """The text without the secrets. To be asked before a text is cut."""
        return _secrets.masked(_sayable(text), self.texts, self.names)


def secrets_of(
    credentials: Mapping[str, Any],
    connection_string: str = "",
    variables: Mapping[str, Any] | None = None,
) -> Secrets:
    """All secrets of the environment, of a target and of its connection string.

    Of ``variables``, dbt's ``vars``, only the passwords of addresses are secret: a name
    such as ``max_tokens`` says nothing there.
    """
    texts = {*_in_environment(), *_in_fields(credentials), *_in_string(connection_string)}
    users = set()
    for user, password in _in_addresses([dict(os.environ), credentials, variables]):
        users.add(user)
        texts |= {password, unquote(password)}
    given = {**credentials, **dict(odbc_string.attributes(connection_string))}
    names = {
        _sayable(value)
        for name, value in given.items()
        if isinstance(value, str) and value and not _is_secret_name(name)
    }
    names |= users - {""}
    # What the user has called a secret is one, also as the user's name.
    names.difference_update(_declared())
    return Secrets(
        tuple(sorted(_sayable(text) for text in texts if text)), tuple(sorted(names))
    )


def together(parts: Iterable[Secrets]) -> Secrets:
    """All of these secrets as one."""
    all_parts = list(parts)
    texts = {text for part in all_parts for text in part.texts}
    names = {name for part in all_parts for name in part.names}
    return Secrets(tuple(sorted(texts)), tuple(sorted(names)))


def _declared() -> Iterator[str]:
    for name, value in os.environ.items():
        if name.startswith(SECRET_VARIABLE):
            yield _sayable(value)


def _in_environment() -> Iterator[str]:
    for value in _declared():
        yield value
        yield from _in_json(value)
    for name, value in os.environ.items():
        if name in _PASSWORD_VARIABLES:
            yield value
        elif name.startswith(odbc_string.VARIABLE):
            yield from _in_string(value)


def _in_string(connection_string: str) -> Iterator[str]:
    for name, value in odbc_string.attributes(connection_string):
        if _is_secret_name(name):
            yield value


def _in_fields(value: Any, is_secret: bool = False) -> Iterator[str]:
    """The values of secret fields; of a key file only those that are secret themselves."""
    if isinstance(value, Mapping):
        for name, field in value.items():
            yield from _in_fields(field, _is_secret_name(name))
    elif isinstance(value, (list, tuple)):
        for field in value:
            yield from _in_fields(field, is_secret)
    elif is_secret and value is not None and not isinstance(value, bool):
        yield str(value)
        yield from _in_json(str(value))


def _in_addresses(value: Any) -> Iterator[tuple[str, str]]:
    """Users and passwords of `scheme://user:password@host`, whatever it is the value of."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _in_addresses(each)
    elif isinstance(value, str) and "://" in value:
        yield from _secrets.addresses(_sayable(value))


def _in_json(text: str) -> Iterator[str]:
    if not text.lstrip().startswith("{"):
        return
    try:
        yield from _in_fields(json.loads(text))
    except ValueError:
        return


def _is_secret_name(name: object) -> bool:
    return _secrets.is_secret_name(_sayable(str(name)))


def _sayable(text: str) -> str:
    """The text as UTF-8 can say it; Python's own stand-ins for other bytes are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


# Those of the environment are known from the start.
_known = secrets_of({})


def know(secrets: Secrets) -> None:
    """Have these masked in all that this process and its forks tell."""
    global _known
    _known = secrets


def masked(text: str) -> str:
    """The text without anything that this process knows to be secret."""
    return _known.masked(text)
