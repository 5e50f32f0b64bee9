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

import yaml

from aft.cgroup import HostGroup
from aft.cgroup_place import Unusable, find_place
from aft.errors import AftError
from aft.profile import Setup, Target, read_target
from aft.secrets import secrets_of

if TYPE_CHECKING:
    from aft import _aft

# SQLSTATE for what a role may not do: PostgreSQL's, and that of drivers for ODBC 3.
_FORBIDDEN = frozenset({"42501", "42000"})
_MASK = "*****"


class Report:
    """Lines for a person, and whether all was well. Shows no secret."""

    def __init__(self) -> None:
        self.failures = 0
        self.secrets = secrets_of({}, "")  # Of the environment, until the target is known.

    def say(self, name: str, text: str) -> None:
        """Tell something that is neither well nor wrong."""
        for secret in self.secrets:
            text = text.replace(secret, _MASK)
        print(f"  {name + ':':<22} {text}", flush=True)

    def check(self, name: str, look: Callable[[], str]) -> bool:
        """Tell what ``look`` finds, or the error that it raises."""
        try:
            found = look()
        except Exception as error:
            self.failures += 1
            self.say(name, f"ERROR: {str(error) or type(error).__name__}")
            return False
        self.say(name, f"OK, {found}" if found else "OK")
        return True


def main() -> NoReturn:
    """Print the report; the exit code is 1 when something will not work."""
    told = json.loads(os.environ.pop("AFT_DEBUG"))
    options = _options(told["project_dir"])
    report = Report()
    print("dbt")
    _look_at_dbt(report, told["dbt"])
    print("Python")
    _look_at_python(report)
    _look_at_limits(report)
    print("Environments")
    _look_at_environments(report, told)
    print("Warehouse")
    _look_at_warehouse(report, options, told)
    print()
    print(f"Problems: {report.failures}" if report.failures else "All checks passed")
    raise SystemExit(1 if report.failures else 0)


def _options(project_dir: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="aft debug", description="Check what the scripts of a project need."
    )
    for name in ("--project-dir", "--profiles-dir", "--profile", "--target", "--vars"):
        parser.add_argument(name, help="as for dbt")
    options = parser.parse_args()
    options.project_dir = project_dir
    return options


def _look_at_dbt(report: Report, dbt: str) -> None:
    report.say("program", dbt)

    def version() -> str:
        try:
            found = importlib.metadata.version("dbt-core")
        except importlib.metadata.PackageNotFoundError:
            return "no dbt-core; its runs are followed in stages"
        if tuple(map(int, found.split(".")[:2])) < (1, 8):
            return f"dbt-core {found}, which has no plugins: its runs are followed in stages"
        return f"dbt-core {found}"

    report.check("version", version)


def _look_at_python(report: Report) -> None:
    from aft import host, requirements

    is_embedded = os.environ.get("AFT_PYTHON_EMBEDDED") == "1"
    how = "embedded" if is_embedded else "started as a program, for it has no shared library"
    report.say("interpreter", f"{sys.executable}, {sys.version.split()[0]}, {how}")

    def packages() -> str:
        requirements.require_modules()
        names = requirements.REQUIRED_MODULES.values()
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)

    if not report.check("packages", packages):
        return
    with host.one_blas_thread():
        for name in host.WARM_MODULES:
            importlib.import_module(name)
    threads = host.unsafe_threads()
    report.say(
        "scripts start",
        f"in new processes, because of the threads {', '.join(threads)}"
        if threads
        else "as forks of a warm process",
    )


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


def _look_at_warehouse(
    report: Report, options: argparse.Namespace, told: dict[str, Any]
) -> None:
    target: Target
    if not told["project_dir"]:
        report.failures += 1
        report.say("project", "ERROR: there is no dbt_project.yml here or above")
        return

    def read() -> str:
        nonlocal target
        target = read_target(_setup(options, told))
        report.secrets = secrets_of(target.credentials, "")
        return f"'{target.name}' of profile '{target.profile_name}', type {target.type}"

    if report.check("target", read):
        _look_at_connection(report, target, Path(told["target_path"]))


def _setup(options: argparse.Namespace, told: dict[str, Any]) -> Setup:
    project = Path(told["project_dir"])
    return Setup(
        project_dir=project,
        scripts_dir=project,
        profiles_dir=_profiles_dir(options),
        target_path=Path(told["target_path"]),
        run_dir=project,
        profile=options.profile,
        target=options.target,
        variables=yaml.safe_load(options.vars) if options.vars else {},
    )


def _profiles_dir(options: argparse.Namespace) -> Path:
    """Where dbt looks: the option, its variable, this folder, the project, `~/.dbt`."""
    given = options.profiles_dir or os.environ.get("DBT_PROFILES_DIR")
    if given:
        return Path(given).absolute()
    for folder in (Path.cwd(), Path(options.project_dir)):
        if (folder / "profiles.yml").exists():
            return folder
    return Path.home() / ".dbt"


def _look_at_connection(report: Report, target: Target, target_path: Path) -> None:
    try:
        from aft import _aft
    except ImportError as error:
        text = f"cannot load aft's module: {error}"

        def refuse() -> str:
            raise AftError(text)

        report.check("connection", refuse)
        return
    from aft.connection_string import connection_settings

    connection: _aft.Connection

    def connect() -> str:
        nonlocal connection
        settings = connection_settings(target)
        report.secrets = secrets_of(target.credentials, settings.connection_string)
        connection = _aft.Connection(settings.connection_string, list(settings.statements))
        return connection.dbms_name

    if not report.check("connection", connect):
        return
    report.check(f"write to {target.schema}", partial(_try_to_write, connection, target))
    for relation in _inputs(target_path):
        if _is_missing(connection, relation):
            report.say(f"read {relation}", "not there yet; dbt has to build it first")
            continue
        report.check(f"read {relation}", partial(_try_to_read, connection, relation))


def _try_to_write(connection: _aft.Connection, target: Target) -> str:
    """Make a table with a name of its own where models go, and drop it."""
    import pyarrow as pa

    relation = {
        "database": None if target.type == "sqlite" else target.database,
        "schema": target.schema,
        "identifier": f"aft_debug_{secrets.token_hex(4)}",
        "quote_database": True,
        "quote_schema": True,
        "quote_identifier": True,
    }
    try:
        connection.write(pa.table({"a": [1]}), relation, "overwrite")
    finally:
        with contextlib.suppress(Exception):
            connection.execute(f"drop table {connection.sql_name(relation)}")
    return "made a table and dropped it"


def _try_to_read(connection: _aft.Connection, name: str) -> str:
    import pyarrow as pa

    result = connection.read(f"select * from {name} where 1 = 0")
    return f"{len(pa.RecordBatchReader.from_stream(result).schema)} columns"


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
