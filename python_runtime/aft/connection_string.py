# SPDX-License-Identifier: Apache-2.0
"""From a dbt target to the connection that reaches the same data."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Union

from aft import odbc
from aft.connection import Connection
from aft.errors import AftError, NoConnection
from aft.odbc import ConnectionSettings
from aft.odbc_string import VARIABLE
from aft.profile import Target
from aft.targets import duckdb, mariadb, postgres, sqlite
from aft.targets.driver import Database, Facts

_DATABASES: tuple[Database, ...] = (sqlite, postgres, mariadb)


if TYPE_CHECKING:
    from aft.transports.duckdb_lent import LentSettings
    from aft.transports.duckdb_settings import DuckdbSettings

    Settings = Union[ConnectionSettings, DuckdbSettings, LentSettings]


def connect(settings: Settings, longest_silence: int = 0) -> Connection:
    """Open a connection; ``longest_silence`` in seconds, for those over ODBC.

    Raises _aft.Error and AftError, in which nothing is that is secret.
    """
    if isinstance(settings, ConnectionSettings):
        return odbc.connect(settings, longest_silence)
    return settings.connect()


def settings_for(target: Target) -> Settings:
    """The connection for ``target``.

    Raises AftError that says what to install or set; NoConnection where nothing is known.
    """
    if needs_odbc(target):
        return connection_settings(target)
    return duckdb.settings_of(target)


def needs_odbc(target: Target) -> bool:
    """Whether ``target`` is reached over ODBC."""
    return target.type not in duckdb.TYPES or bool(_given(target))


def connection_settings(target: Target) -> ConnectionSettings:
    """As `settings_for`, of targets that are reached over ODBC."""
    given = _given(target)
    if given:
        return settings_of(given)
    for database in _DATABASES:
        if target.type in database.TYPES:
            return database.connection_settings(target)
    raise NoConnection(_why_unknown(target))


def settings_of(connection_string: str) -> ConnectionSettings:
    """The connection that a string of the user's reaches."""
    for database in _DATABASES:
        if database.DRIVER.is_of(connection_string):
            return database.settings_of(connection_string)
    return ConnectionSettings(connection_string)


def facts_of(dbms_name: str) -> Facts | None:
    """What is known of the database that is called so; None where nothing is."""
    known: list[Facts] = [*(database.DRIVER for database in _DATABASES), duckdb.FACTS]
    return next((facts for facts in known if facts.dbms_name == dbms_name), None)


def variable_of(target_name: str) -> str:
    """The variable for the connection of the target with that name."""
    return f"{VARIABLE}_{re.sub('[^A-Z0-9]', '_', target_name.upper())}"


def _given(target: Target) -> str | None:
    return _given_in_environment(target) or target.connection


def _given_in_environment(target: Target) -> str | None:
    """What the environment gives for this target, and for no other of its profile."""
    own = variable_of(target.name)
    if os.environ.get(own):
        others = [name for name in target.siblings if variable_of(name) == own]
        if others:
            raise AftError(
                f"cannot tell whether {own} is for target '{target.name}' or '{others[0]}'; "
                "set 'vars: {aft: {connections: …}}' in dbt_project.yml instead"
            )
        return os.environ[own]
    # Set for the target that is meant where none is named, it would lead any other one's
    # scripts to data that dbt does not build.
    return os.environ.get(VARIABLE) if target.is_default else None


def _why_unknown(target: Target) -> str:
    setting = (
        f"set 'vars: {{aft: {{connections: {{{target.name}: \"Driver=...\"}}}}}}' in "
        f"dbt_project.yml, or the environment variable {variable_of(target.name)}"
    )
    if target.is_default:
        setting += f" or {VARIABLE}"
    elif os.environ.get(VARIABLE):
        setting += f"; {VARIABLE} is for the profile's default target only"
    return (
        f"cannot tell how to reach target '{target.name}' of type '{target.type}' over "
        f"ODBC; {setting}"
    )
