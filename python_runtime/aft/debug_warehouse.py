# SPDX-License-Identifier: Apache-2.0
"""What `aft debug` finds out about the warehouse: target, driver, connection and rights."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aft.connection import Connection
from aft.debug_report import Report
from aft.errors import AftError, NoConnection, NoLibrary
from aft.requirements import require
from aft.secrets import know

# What needs a package is imported when it is known that the package is there.
if TYPE_CHECKING:
    from aft.connection_string import Settings
    from aft.profile import Setup, Target

# SQLSTATE for what a role may not do: PostgreSQL's, and that of drivers for ODBC 3.
_FORBIDDEN = frozenset({"42501", "42000"})


def look_at_warehouse(report: Report, described: dict[str, Any], has_frames: bool) -> None:
    """Report on the warehouse of the setup that is described.

    Tables are looked at only if the packages of frames are there, which ``has_frames`` says.
    """
    if not described["project_dir"]:
        report.fail("project", "there is no dbt_project.yml here or above")
        return
    try:
        require("jinja2", "yaml")
    except AftError:
        report.say("not looked at", "that takes the packages")
        return
    from aft.profile import read_setup, read_target

    setup: Setup
    target: Target

    def read() -> str:
        nonlocal setup, target
        setup = read_setup(described)
        target = read_target(setup)
        know(target.secrets())
        return f"'{target.name}' of profile '{target.profile_name}', type {target.type}"

    if not report.check("target", read):
        return
    connection = _look_at_connection(report, target, setup)
    if connection is None:
        return
    if not has_frames:
        report.say("tables", "not looked at; that takes the packages")
        return
    _look_at_tables(report, connection, target, setup)


def _look_at_connection(report: Report, target: Target, setup: Setup) -> Connection | None:
    """The connection, or nothing if there is none."""
    try:
        from aft import odbc
    except ImportError as error:
        report.fail("connection", f"cannot load aft's module: {error}")
        return None
    from aft.connection_string import connect, connection_settings, needs_odbc, settings_for

    odbc.keep_logs_off(setup.run_dir / "odbc")
    settings: Settings
    connection: Connection

    def find_library() -> str:
        try:
            odbc.load()
        except NoLibrary:
            with contextlib.suppress(NoConnection):
                connection_settings(target)  # Its error names the driver's package as well.
            raise
        return _loaded("libodbc.so")

    def find_driver() -> str:
        nonlocal settings
        settings = found = connection_settings(target)
        know(target.secrets(found.connection_string))
        return _driver(found.connection_string)

    def find_module() -> str:
        nonlocal settings
        settings = settings_for(target)
        return f"duckdb {importlib.metadata.version('duckdb')}"

    def open_connection() -> str:
        nonlocal connection
        connection = connect(settings)
        return connection.dbms_name

    looks = {"driver": find_module, "connection": open_connection}
    if needs_odbc(target):
        looks = {"unixODBC": find_library, **looks, "driver": find_driver}
    if not all(report.check(name, look) for name, look in looks.items()):
        return None
    return connection


def _driver(connection_string: str) -> str:
    """The driver that a connection string names, and its file where it is known."""
    from aft import odbc, odbc_string

    name = odbc_string.value(connection_string, "driver")
    if name is None:
        return "that of the data source"
    file = {key.lower(): file for key, file in odbc.drivers().items()}.get(name.lower())
    return f"'{name}', {file}" if file else f"'{name}'"


def _loaded(name: str) -> str:
    """The path of a library that this process has loaded."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            path = line.split(maxsplit=5)[-1]
            if Path(path).name.startswith(name):
                return path
    return ""


def _look_at_tables(
    report: Report, connection: Connection, target: Target, setup: Setup
) -> None:
    _look_at_rights_to_write(report, connection, target)
    for relation in _inputs(setup.target_path):
        if _is_missing(connection, relation):
            report.say(f"read {relation}", "not there yet; dbt has to build it first")
            continue
        report.check(f"read {relation}", partial(_try_to_read, connection, relation))


def _look_at_rights_to_write(report: Report, connection: Connection, target: Target) -> None:
    """Whether scripts may write where models go. Leaves nothing behind, nor makes a schema."""
    name = f"write to {target.schema}"
    relation = {
        "database": None if target.type == "sqlite" else target.database,
        "schema": target.schema,
        "identifier": f"aft_debug_{secrets.token_hex(4)}",
        "quote_database": True,
        "quote_schema": True,
        "quote_identifier": True,
    }
    try:
        is_there = connection.has_schema(relation)
    except Exception as error:
        report.fail(name, error)
        return
    if is_there:
        report.check(name, partial(_try_to_write, connection, relation))
    elif target.type == "postgres":
        report.check(name, partial(_may_make_schema, connection))
    else:
        # Of others it is not known how to ask, and where making a schema commits, dropping
        # it again could take what dbt has put into it meanwhile.
        report.say(name, "the schema is not there yet; dbt has to make it first")


def _may_make_schema(connection: Connection) -> str:
    from aft.row_stream import ResultReader

    right = "select has_database_privilege(current_database(), 'create') as may_create"
    rows = ResultReader(connection.read(right)).read_all()
    if not rows.column(0)[0].as_py():
        raise AftError("the schema is not there, and this role may not create it")
    return "the schema is not there yet, and this role may create it"


def _try_to_write(connection: Connection, relation: dict[str, Any]) -> str:
    """Make a table with a name of its own where models go, and drop it."""
    import pyarrow as pa

    try:
        connection.write(pa.table({"a": [1]}), relation, "overwrite")
    finally:
        with contextlib.suppress(Exception):
            connection.execute(f"drop table {connection.sql_name(relation)}")
    return "made a table and dropped it"


def _try_to_read(connection: Connection, name: str) -> str:
    from aft.row_stream import ResultReader

    rows = ResultReader(connection.read(f"select * from {name} where 1 = 0")).read_all()
    return f"{rows.num_columns} columns"


def _is_missing(connection: Connection, name: str) -> bool:
    """Whether a table can't be read for another reason than that it is not allowed."""
    from aft import _aft

    try:
        _try_to_read(connection, name)
    except _aft.Error as error:
        return error.sqlstate not in _FORBIDDEN
    return False


def _inputs(target_path: Path) -> Iterator[str]:
    """The relations that nodes with scripts depend on, as the last manifest has them."""
    try:
        manifest = json.loads((target_path / "manifest.json").read_text())
        entries = {**manifest["nodes"], **manifest["sources"]}
    except (OSError, ValueError, KeyError):
        return
    names: dict[str, None] = {}
    for node in manifest["nodes"].values():
        meta = {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}
        if "fal" in meta or "aft" in meta:
            for parent in (node.get("depends_on") or {}).get("nodes") or []:
                name = (entries.get(parent) or {}).get("relation_name")
                if name:
                    names[name] = None
    yield from names
