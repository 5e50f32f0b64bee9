# SPDX-License-Identifier: Apache-2.0
"""`aft debug`: looks at all that scripts will need, and says what is missing."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from aft.cgroup import HostGroup
from aft.cgroup_place import Unusable, find_place
from aft.errors import AftError
from aft.secrets import know, masked

# What needs a package is imported when it is known that the package is there.
if TYPE_CHECKING:
    from aft import _aft
    from aft.profile import Setup, Target

# SQLSTATE for what a role may not do: PostgreSQL's, and that of drivers for ODBC 3.
_FORBIDDEN = frozenset({"42501", "42000"})


class Report:
    """Lines for a person, and whether all was well. Shows no secret."""

    def __init__(self) -> None:
        self.failures = 0

    def say(self, name: str, text: str) -> None:
        """Tell something that is neither well nor wrong."""
        print(f"  {name + ':':<22} {masked(text)}", flush=True)

    def fail(self, name: str, error: Exception) -> None:
        """Tell what is wrong."""
        self.failures += 1
        self.say(name, f"ERROR: {str(error) or type(error).__name__}")

    def check(self, name: str, look: Callable[[], str]) -> bool:
        """Tell what ``look`` finds, or the error that it raises."""
        try:
            found = look()
        except Exception as error:
            self.fail(name, error)
            return False
        self.say(name, f"OK, {found}" if found else "OK")
        return True


def main() -> NoReturn:
    """Print the report; the exit code is 1 when something will not work."""
    told = json.loads(os.environ.pop("AFT_DEBUG"))
    _check_options()
    report = Report()
    print("dbt")
    _look_at_dbt(report, told)
    print("Python")
    has_packages = _look_at_python(report)
    _look_at_limits(report)
    print("Environments")
    _look_at_environments(report, told)
    print("Warehouse")
    if has_packages:
        _look_at_warehouse(report, told["setup"])
    else:
        report.say("not looked at", "that takes the packages")
    print()
    print(f"Problems: {report.failures}" if report.failures else "All checks passed")
    raise SystemExit(1 if report.failures else 0)


def _check_options() -> None:
    """Refuse words that are no option. What they say comes with the plugin's setup."""
    parser = argparse.ArgumentParser(
        prog="aft debug", description="Check what the scripts of a project need."
    )
    for names in (("--project-dir",), ("--profiles-dir",), ("--profile",), ("--vars",)):
        parser.add_argument(*names, help="as for dbt")
    parser.add_argument("--target", "-t", help="as for dbt")
    parser.add_argument("--target-path", help="as for dbt")
    parser.parse_args()


def _look_at_dbt(report: Report, told: dict[str, Any]) -> None:
    report.say("program", told["dbt"])

    def version() -> str:
        try:
            found = importlib.metadata.version("dbt-core")
        except importlib.metadata.PackageNotFoundError:
            return "no dbt-core"
        return f"dbt-core {found}"

    report.check("version", version)
    why = told["in_stages_for"]
    report.say("runs are followed", f"in stages: {why}" if why else "from inside")


def _look_at_python(report: Report) -> bool:
    """Whether the packages are there that aft needs."""
    from aft import requirements, warm_modules

    is_embedded = os.environ.get("AFT_PYTHON_EMBEDDED") == "1"
    how = "embedded" if is_embedded else "started as a program (no shared library)"
    report.say("interpreter", f"{sys.executable}, {sys.version.split()[0]}, {how}")

    def packages() -> str:
        requirements.require_modules()
        names = requirements.REQUIRED_MODULES.values()
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)

    if not report.check("packages", packages):
        return False
    threads = warm_modules.import_all()
    report.say(
        "scripts start",
        f"in new processes, because of the threads {', '.join(threads)}"
        if threads
        else "as forks of a warm process",
    )
    return True


def _look_at_limits(report: Report) -> None:
    memory = "RLIMIT_DATA, for each process of a script"
    end = "its process group and its orphans are killed"
    try:
        group = HostGroup(find_place(first=os.getppid()))
    except Unusable as why:
        use = f"not used: {why}"
    else:
        group.close()
        use = f"used in '{group.folder.parent}'"
        if group.holds_memory:
            memory = "cgroup v2, for all processes of a script together"
        else:
            use += f", but not for memory: {group.why_no_memory}"
        if group.kills:
            end = "cgroup v2, which kills all its processes"
        else:
            use += ", but not to kill: that takes Linux 5.14"
    report.say("memory limits", memory)
    report.say("end of a script", end)
    report.say("cgroup v2", use)


def _look_at_environments(report: Report, told: dict[str, Any]) -> None:
    from aft import environment

    report.say("local", "that of dbt")
    if problem := told.get("problem"):

        def refuse() -> str:
            raise AftError(problem)

        report.check("fal_project.yml", refuse)
    for entry in told["environments"]:
        made_of = environment.Environment(**entry)
        python = environment.find(made_of)
        report.say(made_of.name, str(python) if python else "to be built at the next run")


def _look_at_warehouse(report: Report, described: dict[str, Any]) -> None:
    from aft.profile import read_setup, read_target

    setup: Setup
    target: Target
    if not described["project_dir"]:
        report.failures += 1
        report.say("project", "ERROR: there is no dbt_project.yml here or above")
        return

    def read() -> str:
        nonlocal setup, target
        setup = read_setup(described)
        target = read_target(setup)
        know(target.secrets())
        return f"'{target.name}' of profile '{target.profile_name}', type {target.type}"

    if report.check("target", read):
        _look_at_connection(report, target, setup)


def _look_at_connection(report: Report, target: Target, setup: Setup) -> None:
    try:
        from aft import odbc
    except ImportError as error:
        text = f"cannot load aft's module: {error}"

        def refuse() -> str:
            raise AftError(text)

        report.check("connection", refuse)
        return
    from aft.connection_string import connection_settings

    odbc.keep_logs_off(setup.run_dir / "odbc")
    connection: _aft.Connection

    def connect() -> str:
        nonlocal connection
        settings = connection_settings(target)
        know(target.secrets(settings.connection_string))
        connection = odbc.connect(settings)
        return connection.dbms_name

    if not report.check("connection", connect):
        return
    _look_at_rights_to_write(report, connection, target)
    for relation in _inputs(setup.target_path):
        if _is_missing(connection, relation):
            report.say(f"read {relation}", "not there yet; dbt has to build it first")
            continue
        report.check(f"read {relation}", partial(_try_to_read, connection, relation))


def _look_at_rights_to_write(
    report: Report, connection: _aft.Connection, target: Target
) -> None:
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


def _may_make_schema(connection: _aft.Connection) -> str:
    from aft.row_stream import ResultReader

    right = "select has_database_privilege(current_database(), 'create') as may_create"
    rows = ResultReader(connection.read(right)).read_all()
    if not rows.column(0)[0].as_py():
        raise AftError("the schema is not there, and this role may not create it")
    return "the schema is not there yet, and this role may create it"


def _try_to_write(connection: _aft.Connection, relation: dict[str, Any]) -> str:
    """Make a table with a name of its own where models go, and drop it."""
    import pyarrow as pa

    try:
        connection.write(pa.table({"a": [1]}), relation, "overwrite")
    finally:
        with contextlib.suppress(Exception):
            connection.execute(f"drop table {connection.sql_name(relation)}")
    return "made a table and dropped it"


def _try_to_read(connection: _aft.Connection, name: str) -> str:
    from aft.row_stream import ResultReader

    rows = ResultReader(connection.read(f"select * from {name} where 1 = 0")).read_all()
    return f"{rows.num_columns} columns"


def _is_missing(connection: _aft.Connection, name: str) -> bool:
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
