# SPDX-License-Identifier: Apache-2.0
"""From a dbt target to the ODBC connection that reaches the same data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aft import _aft
from aft.errors import AftError, NoConnection
from aft.profile import Target

OVERRIDE = "AFT_ODBC_CONNECTION"
SQLITE_DRIVER = "SQLite3"
POSTGRES_DRIVER = "PostgreSQL Unicode"
DUCKDB_MEMORY = ":memory:"  # Where dbt-duckdb keeps a database that has no path.
# Also for MySQL, whose protocol is the same.
MARIADB_DRIVER = "MariaDB Unicode"
MARIADB_TYPES = frozenset({"mariadb", "mysql", "mysql5"})
# The own default of dbt-postgres and of dbt-mysql, in seconds.
CONNECT_TIMEOUT = 10
# How long a script waits for another connection's lock, in milliseconds.
SQLITE_TIMEOUT = 60_000


@dataclass(frozen=True)
class ConnectionSettings:
    """A connection string and the statements that a new connection begins with."""

    connection_string: str = field(repr=False)
    statements: tuple[str, ...] = ()


def connection_settings(target: Target) -> ConnectionSettings:
    """The connection for ``target``.

    Raises AftError that says what to install or set; NoConnection where nothing is known.
    """
    given = os.environ.get(OVERRIDE) or target.connection
    if given:
        return ConnectionSettings(given)
    if target.type == "sqlite":
        return _sqlite(target)
    if target.type == "postgres":
        return _postgres(target)
    if target.type in MARIADB_TYPES:
        return _mariadb(target)
    setting = (
        f"set 'vars: {{aft: {{connections: {{{target.name}: \"Driver=...\"}}}}}}' in "
        f"dbt_project.yml, or the environment variable {OVERRIDE}"
    )
    shut = _why_duckdb_is_shut(target) if target.type == "duckdb" else None
    if shut:
        raise NoConnection(
            f"cannot reach the data of target '{target.name}': {shut}; let scripts read and "
            f"write on a target of another type, or, where an ODBC driver can serve, {setting}"
        )
    raise NoConnection(
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


def _sqlite(target: Target) -> ConnectionSettings:
    _require_driver(SQLITE_DRIVER, "libsqliteodbc")
    files = {
        str(schema): target.project_dir / str(path)
        for schema, path in (target.credentials.get("schemas_and_paths") or {}).items()
    }
    main = files.pop("main", None)
    if main is None:
        raise AftError(
            f"cannot open target '{target.name}': its 'schemas_and_paths' has no schema 'main'"
        )
    folder = target.credentials.get("schema_directory")
    if folder is not None:
        # dbt-sqlite attaches whatever lies there under the file's name.
        known = {main, *files.values()}
        for path in sorted((target.project_dir / str(folder)).glob("*.db")):
            if path not in known:
                files.setdefault(path.stem, path)
    # Rows are fetched one by one (StepAPI) and text is UTF-8 (NoWCHAR). A file that is
    # not there is an error and not an empty database (NoCreat).
    string = (
        f"Driver={SQLITE_DRIVER};Database={_file_name(main)};Timeout={SQLITE_TIMEOUT};"
        "StepAPI=1;NoWCHAR=1;BigInt=1;NoCreat=1"
    )
    return ConnectionSettings(string, tuple(map(_attach, files, files.values())))


def _postgres(target: Target) -> ConnectionSettings:
    _require_driver(POSTGRES_DRIVER, "odbc-postgresql")
    given = target.credentials
    # Rows are fetched in portions (UseDeclareFetch) instead of all at once, and booleans
    # are booleans (BoolsAsChar).
    attributes = {
        "Driver": POSTGRES_DRIVER,
        "Server": given.get("host", "localhost"),
        "Port": given.get("port", 5432),
        "Database": target.database,
        "UID": given.get("user"),
        "PWD": _braced(given.get("password", given.get("pass", ""))),
        "SSLmode": given.get("sslmode", "prefer"),
        "UseDeclareFetch": 1,
        "Fetch": 10_000,
        "BoolsAsChar": 0,
        "pqopt": _braced(_patience(given)),
    }
    for name, value in attributes.items():
        # psqlodbc 13 takes a value up to the next ';', unless it is the password.
        if name not in ("PWD", "pqopt") and ";" in str(value):
            raise AftError(
                f"cannot open target '{target.name}' over ODBC: its driver takes no ';' in "
                f"'{name}'"
            )
    string = ";".join(
        f"{name}={value}" for name, value in attributes.items() if value is not None
    )
    settings = {"role": given.get("role"), "search_path": given.get("search_path")}
    statements = (f"set {name} = {value}" for name, value in settings.items() if value)
    return ConnectionSettings(string, tuple(statements))


def _mariadb(target: Target) -> ConnectionSettings:
    _require_driver(MARIADB_DRIVER, "odbc-mariadb")
    given = target.credentials
    # dbt-mysql prefers a server to a socket.
    server = _first(given, "server", "host")
    unix_socket = None if server else given.get("unix_socket")
    # Over TCP even where the server is 'localhost'.
    place: dict[str, object] = {
        "TCPIP": 1,
        "SERVER": _braced(server or "127.0.0.1"),
        "PORT": given.get("port") or 3306,
    }
    if unix_socket:
        place = {"SOCKET": _braced(unix_socket)}
    attributes = {
        "Driver": MARIADB_DRIVER,
        **place,
        "UID": _braced(_first(given, "username", "user", "UID") or ""),
        "PWD": _braced(_first(given, "password", "PWD") or ""),
        # Whatever the profile says of dbt's own connection.
        "CHARSET": "utf8mb4",
        "CONN_TIMEOUT": CONNECT_TIMEOUT,
    }
    if not given.get("ssl_disabled"):
        # With this the driver encrypts where the server can, as dbt's own connection does.
        attributes["SSLCIPHER"] = "DEFAULT"
    return ConnectionSettings(
        ";".join(f"{name}={value}" for name, value in attributes.items())
    )


def _first(given: Mapping[str, Any], *names: str) -> Any:
    """The value under the first of the names that has one."""
    return next((given[name] for name in names if given.get(name)), None)


def _patience(given: Mapping[str, Any]) -> str:
    """libpq's settings for a server that does not answer."""
    settings = {"connect_timeout": int(given.get("connect_timeout", CONNECT_TIMEOUT))}
    if given.get("keepalives_idle"):
        settings["keepalives_idle"] = int(given["keepalives_idle"])
    return " ".join(f"{name}={value}" for name, value in settings.items())


def _braced(value: object) -> str:
    """A value of a connection string in which no character has a meaning of its own."""
    return "{" + str(value).replace("}", "}}") + "}"


def _file_name(path: Path) -> str:
    # sqliteodbc 0.9998 takes a value up to the next ';' and knows no braces, but SQLite
    # understands an address in which that is escaped.
    return path.as_uri() if ";" in str(path) else str(path)


def _attach(schema: str, path: Path) -> str:
    return "ATTACH DATABASE '{}' AS \"{}\"".format(
        str(path).replace("'", "''"), schema.replace('"', '""')
    )


def _require_driver(name: str, debian_package: str) -> None:
    known = _aft.drivers()
    if name not in known:
        raise AftError(
            f"cannot find the ODBC driver '{name}'; on Debian and Ubuntu: apt-get "
            f"install {debian_package}; installed are: {', '.join(known) or 'none'}"
        )
