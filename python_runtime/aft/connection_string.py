# SPDX-License-Identifier: Apache-2.0
"""From a dbt target to the ODBC connection that reaches the same data."""

from __future__ import annotations

import os
import re

from aft.errors import AftError, NoConnection
from aft.odbc import ConnectionSettings
from aft.odbc_string import VARIABLE
from aft.profile import Target
from aft.targets import mariadb, postgres, sqlite
from aft.targets.driver import Database, Driver

DUCKDB_MEMORY = ":memory:"  # Where dbt-duckdb keeps a database that has no path.
_DATABASES: tuple[Database, ...] = (sqlite, postgres, mariadb)


def connection_settings(target: Target) -> ConnectionSettings:
    """The connection for ``target``.

    Raises AftError that says what to install or set; NoConnection where nothing is known.
    """
    given = _given_in_environment(target) or target.connection
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


def driver_of(dbms_name: str) -> Driver | None:
    """The driver of the database that is called so; None for one that is not known."""
    drivers = (database.DRIVER for database in _DATABASES)
    return next((driver for driver in drivers if driver.dbms_name == dbms_name), None)


def variable_of(target_name: str) -> str:
    """The variable for the connection of the target with that name."""
    return f"{VARIABLE}_{re.sub('[^A-Z0-9]', '_', target_name.upper())}"


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
    shut = _why_duckdb_is_shut(target) if target.type == "duckdb" else None
    if shut:
        return (
            f"cannot reach the data of target '{target.name}': {shut}; let scripts read and "
            f"write on a target of another type, or, where an ODBC driver can serve, {setting}"
        )
    return (
        f"cannot tell how to reach target '{target.name}' of type '{target.type}' over "
        f"ODBC; {setting}"
    )


def _why_duckdb_is_shut(target: Target) -> str | None:
    """Why nobody but dbt gets at the data; None for a database that is elsewhere."""
    path = str(target.credentials.get("path") or DUCKDB_MEMORY)
    if path.startswith(DUCKDB_MEMORY):
        return "a DuckDB database in memory belongs to one process, which is dbt's own"
    if ":" in path:  # md:, ducklake: and the like
        return None
    return f"the DuckDB file '{path}' admits one process at a time, and dbt's own holds it"
