# SPDX-License-Identifier: Apache-2.0
"""SQLite over sqliteodbc, with what dbt-sqlite 1.9 and 1.10 take from a profile."""

from __future__ import annotations

from pathlib import Path

from aft import odbc_string
from aft.errors import AftError
from aft.odbc import ConnectionSettings
from aft.parameters import Abilities
from aft.profile import Target
from aft.targets.driver import Driver
from aft.targets.partition import Ask, CannotDivide, Division, by_key

_NO_SNAPSHOT = (
    "in WAL mode SQLite has no snapshot that connections share, so a row that changes "
    "meanwhile may be missing or there twice"
)


# Its names; a column of the user's may have one of them.
_ROW_IDS = ("rowid", "_rowid_", "oid")


def _divide(ask: Ask, name: str, parts: int) -> Division:
    key, least, most = _bounds(ask, name)
    conditions = by_key(key, least, most, parts)
    # A column of the user's may have this name.
    conditions[0] = f"({conditions[0]}) or {key} is null"
    ((mode,),) = ask("pragma journal_mode")
    return Division(
        conditions,
        "begin",
        # Nobody can write from then on, unless in WAL mode. A writer that waits for one
        # reader keeps the next one out.
        locks=(
            "pragma busy_timeout = 2000",
            f"select count(*) from (select 1 from {name} limit 1)",
        ),
        remark=_NO_SNAPSHOT if mode == "wal" else "",
        # The driver's own way to wait is gone.
        spoils_connections=True,
    )


def _bounds(ask: Ask, name: str) -> tuple[str, int, int]:
    """A name of the rowid, with the least and the largest."""
    for key in _ROW_IDS:
        try:
            ((least, most),) = ask(f"select min({key}), max({key}) from {name}")
        except AftError as error:
            if "no such column" in str(error):
                raise CannotDivide("it has no rowid") from error
            raise
        if isinstance(least, int) and isinstance(most, int):
            return key, least, most
    if least is not None:
        raise CannotDivide("its own columns have all names of the rowid")
    has_rows = ask(f"select 1 from {name} limit 1")
    raise CannotDivide("it is a view" if has_rows else "it has no rows")


TYPES = frozenset({"sqlite"})
DRIVER = Driver(
    name="SQLite3",
    dbms_name="SQLite",
    debian_package="libsqliteodbc",
    file_prefix="libsqlite3odbc",
    # Columns have their own names, and transactions are transactions.
    needed={"LongNames": 0, "NoTXN": 0},
    # Rows are fetched one by one (StepAPI) and text is UTF-8 (NoWCHAR). A file that is
    # not there is an error and not an empty database (NoCreat).
    preferred={"StepAPI": 1, "NoWCHAR": 1, "BigInt": 1, "NoCreat": 1},
    first_wins=True,
    # In a fork the library believes to have locks on the file that only the parent has.
    bears_forks_in_writes=False,
    readers_stop_writers=True,
    divide=_divide,
    abilities=Abilities(decimals=False, nul_in_text=True),
)
_ABSENT = "dbt makes it when it builds the first seed or model, as by 'dbt seed'"
_ABSENT_OF_STRING = "add NoCreat=0 to the connection string to have it made"
# How long a script waits for another connection's lock, in milliseconds.
_TIMEOUT = 60_000


def connection_settings(target: Target) -> ConnectionSettings:
    """The connection that dbt-sqlite would make, with the same files attached."""
    DRIVER.require()
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
    attributes = {
        "Driver": DRIVER.name,
        "Database": _file_name(main),
        "Timeout": _TIMEOUT,
        "LoadExt": _extensions(target),
    }
    string = DRIVER.completed(odbc_string.joined(attributes))
    attached = tuple(map(_attach, files, files.values()))
    return ConnectionSettings(string, attached, file=main, if_absent=_ABSENT)


def settings_of(connection_string: str) -> ConnectionSettings:
    """The connection of a string for sqliteodbc, to which what it needs and lacks is added."""
    completed = DRIVER.completed(connection_string)
    name = odbc_string.value(connection_string, "database") or ""
    is_file = name and not name.startswith(("file:", ":"))
    is_needed = odbc_string.value(completed, "nocreat") not in ("0", "no", "false", "off")
    return ConnectionSettings(
        completed,
        file=Path(name) if is_file and is_needed else None,
        if_absent=_ABSENT_OF_STRING,
    )


def _extensions(target: Target) -> str | None:
    # A mere name is looked for in the system's folders.
    paths = [
        str(target.project_dir / path) if "/" in path else path
        for path in map(str, target.credentials.get("extensions") or ())
    ]
    for path in paths:
        if "," in path or ";" in path:
            raise AftError(
                f"cannot open target '{target.name}' over ODBC: its driver takes no ',' or "
                f"';' in 'extensions', as in '{path}'"
            )
    return ",".join(paths) or None


def _file_name(path: Path) -> str:
    # sqliteodbc 0.9998 takes a value up to the next ';' and knows no braces, but SQLite
    # understands an address in which that is escaped.
    return path.as_uri() if ";" in str(path) else str(path)


def _attach(schema: str, path: Path) -> str:
    return "ATTACH DATABASE '{}' AS \"{}\"".format(
        str(path).replace("'", "''"), schema.replace('"', '""')
    )
