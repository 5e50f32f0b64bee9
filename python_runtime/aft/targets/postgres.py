# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL over psqlodbc, with what dbt-postgres 1.7 to 1.11 takes from a profile."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aft import odbc_string
from aft.errors import AftError
from aft.odbc import ConnectionSettings
from aft.profile import Target
from aft.targets.driver import Driver
from aft.targets.partition import Ask, CannotDivide, Division

_OLDEST_WITH_RANGES = 140000  # Of ctid, which are looked up and not searched for.
_LOCK_TIMEOUT = "set local lock_timeout = '2s'"
_KINDS = {"v": "a view", "f": "a foreign table", "p": "divided into tables of its own"}


def _divide(ask: Ask, name: str, parts: int) -> Division:
    ((version, kind, blocks),) = ask(
        "select current_setting('server_version_num')::int, c.relkind::text, "
        # Its size is not to be had while somebody else locks it, or waits to.
        "case when set_config('lock_timeout', '2s', true) <> '' "
        "then pg_relation_size(c.oid) / current_setting('block_size')::int end "
        "from (values (to_regclass(?))) as t (oid) left join pg_class as c using (oid)",
        name,
    )
    if version < _OLDEST_WITH_RANGES:
        raise CannotDivide("PostgreSQL reads ranges of rows from version 14 on")
    if kind not in ("r", "m"):
        raise CannotDivide(f"it is {_KINDS.get(kind, 'no table')}")
    # Rows that come later lie behind the last block.
    edges = [0, *(blocks * part // parts for part in range(1, parts))]
    conditions = [f"ctid >= '({edge},0)'" for edge in edges]
    for part, edge in enumerate(edges[1:]):
        conditions[part] += f" and ctid < '({edge},0)'"
    return Division(
        conditions,
        "begin isolation level repeatable read read only",
        # What reads a materialized view locks it as well, and nothing else does.
        locks=(
            _LOCK_TIMEOUT,
            f"lock table {name} in access share mode"
            if kind == "r"
            else f"select 1 from {name} limit 0",
        ),
        snapshot="select pg_export_snapshot()",
        join="set transaction snapshot '{}'",
    )


TYPES = frozenset({"postgres"})
DRIVER = Driver(
    name="PostgreSQL Unicode",
    dbms_name="PostgreSQL",
    debian_package="odbc-postgresql",
    file_prefix="psqlodbc",
    # With 0 a type is described as what it is; with 12 (SQL_VARCHAR) a numeric without
    # precision is told apart from one with.
    needed={
        "BoolsAsChar": 0,
        "TrueIsMinus1": 0,
        "BI": 0,
        "NumericAs": 12,
        "LFConversion": 0,
        "LowerCaseIdentifier": 0,
    },
    # Rows are fetched in portions instead of all at once. An error undoes the transaction;
    # to undo a single statement, each would have a savepoint of its own, which takes the
    # server longer than a row does. No log is written.
    preferred={
        "UseDeclareFetch": 1,
        "Fetch": 10_000,
        "Protocol": "7.4-1",
        "CommLog": 0,
        "Debug": 0,
    },
    divide=_divide,
)
_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
_SSL_FILES = ("sslcert", "sslkey", "sslrootcert")
# dbt-postgres's own defaults; seconds, and a count.
_CONNECT_TIMEOUT = 10
_RETRIES = 1


def connection_settings(target: Target) -> ConnectionSettings:
    """The connection that dbt-postgres would make."""
    DRIVER.require()
    given = target.credentials
    attributes: dict[str, object] = {
        "Driver": DRIVER.name,
        "Server": given.get("host", "localhost"),
        "Port": given.get("port", 5432),
        "Database": target.database,
        "UID": given.get("user"),
        "PWD": odbc_string.braced(given.get("password", given.get("pass", ""))),
        "SSLmode": _ssl_mode(target),
    }
    for name, value in attributes.items():
        # psqlodbc 13 takes a value up to the next ';', unless it is the password.
        if name != "PWD" and ";" in str(value):
            raise AftError(
                f"cannot open target '{target.name}' over ODBC: its driver takes no ';' in "
                f"'{name}'"
            )
    attributes["pqopt"] = odbc_string.braced(_conninfo(_libpq_options(target)))
    role = given.get("role")
    return ConnectionSettings(
        DRIVER.completed(odbc_string.joined(attributes)),
        (f"set role {role}",) if role else (),
        int(given.get("retries", _RETRIES)),
    )


def settings_of(connection_string: str) -> ConnectionSettings:
    """The connection of a string for psqlodbc, to which what it needs and lacks is added."""
    given = odbc_string.names(connection_string)
    if not given & {"sslmode", "ca", "dsn", "filedsn"}:
        # psqlodbc's own default would be not to encrypt, whatever the environment demands.
        mode = odbc_string.joined({"SSLmode": _libpq_default("sslmode")})
        connection_string = f"{connection_string.rstrip().rstrip(';')};{mode}"
    return DRIVER.settings_of(connection_string)


def _libpq_options(target: Target) -> dict[str, object]:
    """What goes to libpq through the driver, as dbt-postgres gives it to libpq."""
    given = target.credentials
    options: dict[str, object] = {
        "connect_timeout": given.get("connect_timeout", _CONNECT_TIMEOUT)
    }
    if given.get("keepalives_idle"):
        options["keepalives_idle"] = given["keepalives_idle"]
    if given.get("search_path"):
        path = str(given["search_path"]).replace(" ", "\\ ")
        options["options"] = f"-c search_path={path}"
    for name in _SSL_FILES:
        if given.get(name) is not None:
            options[name] = _ssl_file(str(given[name]), target.project_dir)
    application = given.get("application_name", "dbt")
    if application:
        options["application_name"] = application
    return options


def _ssl_file(name: str, project: Path) -> str:
    # dbt runs in the project's folder, but a script may leave it. "system" is no file.
    return name if name in ("", "system") else str(project / name)


def _conninfo(options: Mapping[str, object]) -> str:
    """A connection string of libpq's."""

    def quoted(value: object) -> str:
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"

    return " ".join(f"{name}={quoted(value)}" for name, value in options.items())


def _ssl_mode(target: Target) -> str:
    """How the connection is to be encrypted: the profile says, else the environment.

    psqlodbc leaves nothing to libpq, and takes what it does not understand for "disable".
    """
    mode = target.credentials.get("sslmode") or _libpq_default("sslmode")
    if mode not in _SSL_MODES:
        known = ", ".join(sorted(_SSL_MODES))
        raise AftError(
            f"cannot open target '{target.name}': its 'sslmode' is '{mode}', which is none of "
            f"{known}"
        )
    return str(mode)


class _Option(ctypes.Structure):
    """PQconninfoOption, up to what is read of it."""

    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val")),
        *((name, ctypes.c_char_p) for name in ("label", "dispchar")),
        ("dispsize", ctypes.c_int),
    )


def _libpq_default(keyword: str) -> str:
    """What libpq takes where nothing is said: from a service, a variable, or its own."""
    try:
        libpq: Any = ctypes.CDLL("libpq.so.5")
    except OSError as error:
        raise AftError(
            f"cannot ask libpq for its '{keyword}': {error}; set it in the profile or the "
            "connection string"
        ) from None
    libpq.PQconndefaults.restype = ctypes.POINTER(_Option)
    options = libpq.PQconndefaults()
    if not options:
        raise MemoryError
    try:
        index = 0
        while options[index].keyword is not None:
            if options[index].keyword.decode() == keyword:
                return (options[index].val or b"").decode()
            index += 1
    finally:
        libpq.PQconninfoFree.argtypes = [ctypes.POINTER(_Option)]
        libpq.PQconninfoFree(options)
    return ""
