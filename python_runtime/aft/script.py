# SPDX-License-Identifier: Apache-2.0
"""Runs one user's script in this process and says how it ended."""

from __future__ import annotations

import atexit
import linecache
import os
import sys
import time
import traceback
import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aft
from aft import channel
from aft.connection_string import ConnectionSettings
from aft.errors import AftError
from aft.profile import Setup, Target
from aft.project import Project
from aft.script_context import Context, ContextConfig, ContextTarget, current_model
from aft.warehouse import Warehouse

_OWN_FOLDER = str(Path(__file__).parent)


@dataclass(frozen=True)
class Request:
    """One script to run, as the plugin asks for it."""

    id: int
    path: str
    name: str
    node: str
    node_status: str
    when: str
    arguments: dict[str, Any] | None


class ScriptSession:
    """What stands behind `ref`, `write_to_model` and the other names in a script."""

    def __init__(
        self,
        request: Request,
        setup: Setup,
        target: Target,
        settings: ConnectionSettings,
        project: Project,
    ) -> None:
        self._project = project
        self._node = project.nodes[request.node]
        self.warehouse = Warehouse(settings)
        named = {name: getattr(target, name) for name in ContextTarget.__annotations__}
        self.context = Context(
            current_model=current_model(project, self._node, request.node_status),
            target=ContextTarget(**named),
            config=ContextConfig(str(setup.target_path)),
            arguments=request.arguments or {},
        )

    def ref(self, names: tuple[str, ...], version: object) -> Any:
        """Read the model that dbt's `ref` would mean here."""
        if len(names) not in (1, 2) or not all(isinstance(name, str) for name in names):
            raise AftError("ref() takes a model's name, or a package's and a model's name")
        package = names[0] if len(names) == 2 else None
        caller = self._node["package_name"]
        node = self._project.find_model(names[-1], package, version, caller)
        return self._read(node)

    def source(self, source: str, table: str) -> Any:
        """Read a declared source table."""
        return self._read(self._project.find_source(source, table))

    def _read(self, node: dict[str, Any]) -> Any:
        relation = node.get("relation_name") or self._project.relation(node)
        return self.warehouse.read(relation)

    def write_to_model(self, frame: Any, mode: str, dtype: Any) -> None:
        """Write into the table of the model that the script is bound to."""
        if mode not in ("overwrite", "append"):
            raise AftError(
                f"write_to_model() has no mode '{mode}'; the modes are 'overwrite' and "
                "'append'"
            )
        relation = self._project.relation(self._node)
        self.warehouse.write(frame, relation, mode, _column_types(dtype))


def _column_types(dtype: Any) -> dict[str, str]:
    if dtype is None:
        return {}
    if not isinstance(dtype, Mapping):
        raise AftError("'dtype' must map names of columns to types of the warehouse")
    # A type of SQLAlchemy prints itself as SQL; a class of types stands for its default.
    made = {name: kind() if isinstance(kind, type) else kind for name, kind in dtype.items()}
    return {str(name): str(kind) for name, kind in made.items()}


def run(request: Request, session: ScriptSession, setup: Setup) -> dict[str, Any]:
    """Run the script to its end; the report is that of the packet `done`."""
    began = time.monotonic()
    failure: BaseException | None = None
    try:
        _execute(request, session, setup)
    except BaseException as error:
        failure = error
    _run_exit_handlers()
    session.warehouse.close()
    elapsed = time.monotonic() - began
    report = _describe(failure, setup.project_dir) | _measures(session, elapsed)
    sys.stdout.flush()
    sys.stderr.flush()
    return report


def _execute(request: Request, session: ScriptSession, setup: Setup) -> None:
    aft.use_session(session)
    sys.argv = [request.path]
    sys.path[:] = [str(Path(request.path).parent), str(setup.scripts_dir), *sys.path]
    sys.path[:] = [entry for entry in dict.fromkeys(sys.path) if entry != _package_folder()]
    _stand_in_for_fal()
    module = types.ModuleType("__main__")
    module.__file__ = request.path
    module.__dict__.update({name: getattr(aft, name) for name in aft.SCRIPT_NAMES})
    sys.modules["__main__"] = module
    source = Path(request.path).read_bytes()
    exec(compile(source, request.path, "exec", dont_inherit=True), module.__dict__)


def _package_folder() -> str:
    return str(Path(_OWN_FOLDER).parent)


def _stand_in_for_fal() -> None:
    """Let `from fal.typing import *` pass, which gives editors the names of a script."""
    typing = types.ModuleType("fal.typing")
    typing.__dict__["__all__"] = []
    fal = types.ModuleType("fal")
    fal.__dict__["typing"] = typing
    sys.modules.setdefault("fal", fal)
    sys.modules.setdefault("fal.typing", typing)


def _run_exit_handlers() -> None:
    """Python runs these at its end, which a forked process leaves out."""
    atexit._run_exitfuncs()


def _measures(session: ScriptSession, elapsed: float) -> dict[str, Any]:
    meter = session.warehouse.meter
    counts = {key: value for key, value in asdict(meter).items() if "seconds" not in key}
    moving = meter.seconds_reading + meter.seconds_writing
    seconds = {
        "read": meter.seconds_reading,
        "compute": max(0.0, elapsed - moving),
        "write": meter.seconds_writing,
    }
    return {"seconds": seconds, **counts}


def _describe(failure: BaseException | None, project_dir: Path) -> dict[str, Any]:
    if failure is None:
        return {"status": "success", "message": "", "traceback": ""}
    if isinstance(failure, SystemExit):
        if failure.code in (None, 0):
            return {"status": "success", "message": "", "traceback": ""}
        message = f"the script exited with {failure.code}"
        return {"status": "error", "message": message, "traceback": ""}
    if isinstance(failure, KeyboardInterrupt):
        return {"status": "error", "message": "interrupted", "traceback": ""}
    linecache.checkcache()
    summary = traceback.TracebackException.from_exception(failure)
    _keep_own_lines(summary, str(project_dir))
    lines = "".join(summary.format())
    last = list(summary.format_exception_only())[-1].strip()
    return {
        "status": "error",
        "message": channel.shortened(last + _place(summary)),
        "traceback": channel.shortened(lines),
    }


def _keep_own_lines(summary: traceback.TracebackException, project_dir: str) -> None:
    """Leave out aft's own frames, and name the project's files as the project does."""
    seen: list[traceback.TracebackException] = []
    pending = [summary]
    while pending:
        part = pending.pop()
        seen.append(part)
        frames = [frame for frame in part.stack if not _is_ours(frame.filename)]
        for frame in frames:
            frame.filename = _within(frame.filename, project_dir)
        part.stack[:] = frames
        if getattr(part, "filename", None):
            part.filename = _within(part.filename, project_dir)
        linked = [part.__cause__, part.__context__, *_grouped(part)]
        pending.extend(link for link in linked if link is not None and link not in seen)


def _grouped(part: traceback.TracebackException) -> list[traceback.TracebackException]:
    """The members of an exception group (Python 3.11 and later)."""
    return list(getattr(part, "exceptions", None) or [])


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OWN_FOLDER + os.sep, "<string>"))


def _within(filename: str, project_dir: str) -> str:
    prefix = project_dir + os.sep
    return filename[len(prefix) :] if filename.startswith(prefix) else filename


def _place(summary: traceback.TracebackException) -> str:
    """The last line of the project's own that led to the error."""
    if getattr(summary, "filename", None):  # A SyntaxError has no frame of its own.
        return f" ({summary.filename}, line {summary.lineno})"
    for frame in reversed(summary.stack):
        if not os.path.isabs(frame.filename):
            return f" ({frame.filename}, line {frame.lineno})"
    return ""
