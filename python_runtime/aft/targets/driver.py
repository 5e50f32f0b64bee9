# SPDX-License-Identifier: Apache-2.0
"""A database that aft knows, and its ODBC driver: what that is called, and has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol

from aft import odbc, odbc_string
from aft.errors import AftError, NoLibrary
from aft.odbc import ConnectionSettings
from aft.parameters import Abilities
from aft.profile import Target
from aft.targets.partition import Divide


@dataclass(frozen=True)
class Facts:
    """What aft has to know of a database, beside its SQL."""

    dbms_name: str = ""  # What its driver calls it.
    # Whether a process that was forked in the middle of a write can use the database.
    bears_forks_in_writes: bool = True
    admits_one_process: bool = False
    # Whether nobody can write while somebody reads.
    readers_stop_writers: bool = False
    # Whether a query may end in `limit`.
    has_limit: bool = True
    abilities: Abilities = field(default_factory=Abilities)
    divide: Divide | None = None
    undivided: str = ""  # Why there is none, if not for aft's sake.
    # What keeps the queries of `divide` from waiting long for somebody else's lock. The
    # division's own locks undo it.
    before_dividing: str = ""


@dataclass(frozen=True)
class Driver(Facts):
    """An ODBC driver, and the attributes that aft's reading and writing rely on."""

    name: str = ""
    debian_package: str = ""
    file_prefix: str = ""  # What the names of its shared libraries start with.
    # Without these values would change or writes be half done: they go before the user's.
    needed: Mapping[str, object] = field(default_factory=dict)
    # The user may set others.
    preferred: Mapping[str, object] = field(default_factory=dict)
    # Which of two values of an attribute counts to it.
    first_wins: bool = False

    def require(self) -> None:
        """Raise AftError that says how to install it, and unixODBC, where it is missing."""
        try:
            known = odbc.drivers()
        except NoLibrary as error:
            # Its text ends in the command that installs the library.
            raise NoLibrary(f"{error} {self.debian_package}") from None
        if self.name not in known:
            raise AftError(
                f"cannot find the ODBC driver '{self.name}' among those installed "
                f"({', '.join(known) or 'none'}); on Debian and Ubuntu: apt-get install "
                f"{self.debian_package}"
            )

    def is_of(self, connection_string: str) -> bool:
        """Whether a connection string names it: by its name, its file, or a data source."""
        named = odbc_string.value(connection_string, "driver")
        if named is None:
            source = odbc_string.value(connection_string, "dsn")
            named = _without_case(odbc.data_sources()).get((source or "").lower(), "")
        file = _without_case(odbc.drivers()).get(named.lower(), named)
        return PurePath(file).name.startswith(self.file_prefix)

    def settings_of(self, connection_string: str) -> ConnectionSettings:
        """The connection of a string, to which what it needs and lacks is added."""
        return ConnectionSettings(self.completed(connection_string))

    def completed(self, connection_string: str) -> str:
        """The string with what it needs and lacks."""
        return odbc_string.completed(
            connection_string, self.needed, self.preferred, self.first_wins
        )


class Database(Protocol):
    """A module of this package: the adapters' types that it is for, and what it does."""

    TYPES: frozenset[str]
    DRIVER: Driver

    def connection_settings(self, target: Target) -> ConnectionSettings:
        """The connection that dbt's adapter would make."""

    def settings_of(self, connection_string: str) -> ConnectionSettings:
        """The connection of a string for its driver, to which what it lacks is added."""


def _without_case(texts: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): text for name, text in texts.items()}
