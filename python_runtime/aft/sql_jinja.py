# SPDX-License-Identifier: Apache-2.0
"""Renders the Jinja of a query as dbt does.

What names tables, the target and variables is rendered here. Everything else, such as a
macro, only dbt can render; it does so in a process of its own, which is kept.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aft.errors import AftError
from aft.profile import Setup, Target
from aft.secrets import SECRET_VARIABLE

if TYPE_CHECKING:
    import jinja2.nodes

_MARKS = ("{{", "{%", "{#")
_REQUIRED = object()
# Python would look for modules in the folder of a file that it is started with, where some
# are called as its own.
_START = (
    "import sys; sys.path[:] = filter(None, sys.path); import runpy; "
    "runpy.run_path(sys.argv[1], run_name='__main__')"
)


class NeedsDbt(Exception):
    """Only dbt can tell what a name in a template stands for."""


class Fields:
    """What a template may ask of a relation or the target; dbt is asked for other things."""

    def __init__(self, name: str, fields: dict[str, Any], text: str = "") -> None:
        self._name = name
        self._fields = fields
        self._text = text

    def __getattr__(self, name: str) -> Any:
        """A field as `target.schema`."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._fields:
            raise NeedsDbt(f"{self._name}.{name}")
        return self._fields[name]

    __getitem__ = __getattr__

    def __str__(self) -> str:
        """What `{{ … }}` puts into the text."""
        if not self._text:
            raise NeedsDbt(self._name)
        return self._text

    def __eq__(self, other: object) -> bool:
        """As dbt's relations: the same place, however it is named."""
        return isinstance(other, Fields) and self._fields == other._fields

    def __hash__(self) -> int:
        """Of what is compared."""
        return hash(tuple(self._fields))


@dataclass(frozen=True)
class Names:
    """What the tables are called that a template names."""

    ref: Callable[..., Fields]
    source: Callable[[str, str], Fields]
    this: Callable[[], Fields]  # Raises AftError where there is no such table.
    # Raises AftError for the node of a unique id that may not be read.
    check: Callable[[str], None]


class SqlRenderer:
    """Renders queries of a project on a target; for any thread."""

    def __init__(self, setup: Setup, target: Target, scratch: Path | None = None) -> None:
        """dbt's files go to ``scratch``; None for a temporary folder of this process."""
        # Without a project there is nothing to render, and these need not be installed.
        import jinja2.sandbox

        from aft.rendering import JINJA_EXTENSIONS, JINJA_FUNCTIONS, TEXT_FILTERS

        self._target = target
        self._sample = setup.sample
        self._dbt = _Dbt(setup, scratch)
        self._environment = jinja2.sandbox.SandboxedEnvironment(extensions=JINJA_EXTENSIONS)
        self._environment.filters.update(TEXT_FILTERS)
        self._context: dict[str, Any] = {
            **JINJA_FUNCTIONS,
            "modules": Fields("modules", JINJA_FUNCTIONS["modules"]),
            "target": Fields("target", {**target.described(), "target_name": target.name}),
            "var": self._variable,
            "env_var": _env_var,
        }

    def render(self, sql: str, names: Names) -> tuple[str, bool]:
        """The text in SQL, and whether it names `this`. Raises AftError."""
        if not any(mark in sql for mark in _MARKS):
            return sql, False
        import jinja2.meta

        try:
            template = self._environment.parse(sql)
            used = jinja2.meta.find_undeclared_variables(template)
            this = names.this() if "this" in used else None
            text = self._own_rendering(sql, used, names, this)
            if isinstance(text, NeedsDbt):
                _check_calls(template, names)
                text = self._dbts_rendering(sql, str(text), names, this)
        except AftError:
            raise
        except Exception as error:  # A template may call anything.
            raise AftError(f"cannot render the Jinja of the query: {error}") from None
        return text, this is not None

    def _own_rendering(
        self, sql: str, used: set[str], names: Names, this: Fields | None
    ) -> str | NeedsDbt:
        context = {**self._context, "ref": names.ref, "source": names.source}
        if this is not None:
            context["this"] = this
        unknown = sorted(used - context.keys())
        if unknown:
            return NeedsDbt(unknown[0])
        try:
            return self._environment.from_string(sql).render(context)
        except NeedsDbt as needed:
            return needed

    def _dbts_rendering(self, sql: str, name: str, names: Names, this: Fields | None) -> str:
        if self._sample:
            raise AftError(
                f"cannot render the Jinja of the query: '{name}' is for dbt to render, but "
                "'dbt compile' has no --sample, so that the query would read all rows; leave "
                f"out '{name}', or run without --sample"
            )
        answer = self._dbt.compiled((_set_this(this) if this is not None else "") + sql, name)
        for node in answer["reads"]:
            names.check(node)
        return str(answer["sql"])

    def _variable(self, name: str, default: Any = _REQUIRED) -> Any:
        known = self._target.variables
        if name not in known and default is _REQUIRED:
            raise AftError(
                f"the query needs the variable '{name}'; give it with --vars or in "
                "dbt_project.yml"
            )
        return known.get(name, default)


def _check_calls(template: jinja2.nodes.Template, names: Names) -> None:
    """Raise AftError for a table that may not be read, before dbt renders the template."""
    import jinja2.nodes

    tables: dict[str, Callable[..., Fields]] = {"ref": names.ref, "source": names.source}
    for call in template.find_all(jinja2.nodes.Call):
        function = call.node
        if isinstance(function, jinja2.nodes.Getattr):  # As builtins.ref().
            name, is_known = function.attr, _is_builtins(function.node)
        else:
            name, is_known = getattr(function, "name", ""), True
        if name not in tables or not is_known:
            continue
        if call.dyn_args is not None or call.dyn_kwargs is not None:
            continue
        try:
            words = [word.as_const() for word in call.args]
            further = {word.key: word.value.as_const() for word in call.kwargs}
        except jinja2.nodes.Impossible:
            continue  # dbt's rendering tells which table it is.
        tables[name](*words, **further)


def _is_builtins(node: jinja2.nodes.Node) -> bool:
    import jinja2.nodes

    return isinstance(node, jinja2.nodes.Name) and node.name == "builtins"


def _env_var(name: str, default: str | None = None) -> str:
    if name.startswith(SECRET_VARIABLE):
        raise AftError(f"the query names '{name}', but secrets are for profiles.yml only")
    value = os.environ.get(name, default)
    if value is None:
        raise AftError(f"the query needs the environment variable '{name}'; set it")
    return value


def _set_this(relation: Fields) -> str:
    """To dbt, such a text is no model and has no `this`."""
    parts = ", ".join(
        f"{part}={json.dumps(getattr(relation, part))}"
        for part in ("database", "schema", "identifier")
        if getattr(relation, part) is not None
    )
    return "{%- set this = api.Relation.create(" + parts + ") -%}"


class _Dbt:
    """The process that compiles; it is started when it is first needed."""

    def __init__(self, setup: Setup, scratch: Path | None) -> None:
        self._setup = setup
        self._scratch = scratch
        self._lock = threading.Lock()
        self._owner = 0
        self._process: subprocess.Popen[str] | None = None

    def compiled(self, text: str, name: str) -> dict[str, Any]:
        """What inline_dbt makes of ``text``, which needs it for ``name``. Raises AftError."""
        with self._lock:  # Not kept: a macro may ask the database, which changes.
            answer = self._ask(text)
        if "sql" not in answer:
            raise AftError(
                f"cannot render the Jinja of the query: '{name}' is for dbt to render, and it "
                f"says: {answer.get('error', 'nothing')}"
            )
        return answer

    def _ask(self, text: str) -> dict[str, Any]:
        if self._process is None or self._owner != os.getpid():
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(text) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BaseException:
            # The answer, which may still come, would be taken for the next one's.
            self._end()
            raise
        if not line:
            self._end()
            return {"error": "dbt has ended without an answer"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        folder = Path(tempfile.mkdtemp(prefix="aft-inline-", dir=self._scratch))
        if self._scratch is None:
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        parsed = self._setup.target_path / "partial_parse.msgpack"
        if parsed.exists():
            shutil.copy(parsed, folder)
        arguments = _arguments(self._setup, folder), _arguments_of_compile(self._setup)
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(Path(__file__).with_name("inline_dbt.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Its helpers complain there when the script ends; its errors are in its answers.
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self._owner = os.getpid()
        assert process.stdin is not None
        process.stdin.write(json.dumps(arguments) + "\n")
        return process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None


def _arguments(setup: Setup, folder: Path) -> list[str]:
    options = {
        "--project-dir": setup.project_dir,
        "--profiles-dir": setup.profiles_dir,
        "--profile": setup.profile,
        "--target": setup.target,
        "--vars": json.dumps(setup.variables),
        "--target-path": folder,
        "--log-path": folder,
        "--log-level": "none",
        "--threads": 1,
    }
    given = [str(word) for name, value in options.items() if value for word in (name, value)]
    return [*given, "--no-write-json", "--no-populate-cache", "--no-version-check"]


def _arguments_of_compile(setup: Setup) -> list[str]:
    arguments = ["--empty"] if setup.empty else []
    if setup.defer_dir is not None:
        arguments += ["--defer", "--state", str(setup.defer_dir)]
        arguments += ["--favor-state"] if setup.favor_state else []
    return arguments
