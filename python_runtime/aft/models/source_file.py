# SPDX-License-Identifier: Apache-2.0
"""What the syntax tree of a Python model says; the model is never run for it."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aft.errors import AftError
from aft.notebook import python_cells

_READS = ("ref", "source")
# Which version of a model, in the words of dbt's `ref`. All else is for the script.
_VERSION = ("v", "version")
_READS_IN_TEXT = re.compile(r"\b(?:ref|source)\s*\([^()]*\)")
_CONFIG_IN_TEXT = re.compile(r"\{\{-?\s*(config\s*\(.*?\))\s*-?\}\}", re.DOTALL)
_MATERIALIZED_IN_TEXT = re.compile(r"\bmaterialized\s*=\s*['\"](\w+)['\"]")
_ENGINES = {"pyspark": "PySpark", "snowflake": "Snowpark"}


@dataclass
class PythonModel:
    """A file that is a model of dbt's, as far as its text tells."""

    file: str  # Relative to the project.
    digest: str = ""  # Of the file: dbt's `state:modified` sees that it has changed.
    reads: list[str] = field(default_factory=list)  # "ref('orders')", each once.
    config: list[str] = field(default_factory=list)  # Calls of dbt's `config`.
    settings: dict[str, Any] = field(default_factory=dict)  # What `dbt.config` is given.
    materialized: str = ""  # As either of them says; for dbt it is ephemeral.
    has_function: bool = False  # dbt's own form: `def model(dbt, session)`.
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What dbt calls the model."""
        return Path(self.file).stem


@dataclass(frozen=True)
class _Part:
    """The tree of the file, or of a notebook's cell."""

    place: str  # For people.
    tree: ast.Module


def read_model(file: str, project: Path) -> PythonModel:
    """Read a file of the folder ``project``. What is wrong is told in its problems."""
    model = PythonModel(file)
    try:
        model.digest = hashlib.sha256((project / file).read_bytes()).hexdigest()[:16]
        parts = list(_parts(file, project))
    except OSError as error:
        model.problems.append(f"{file}: cannot be read: {error.strerror}")
    except SyntaxError as error:
        model.problems.append(f"{error.filename}, line {error.lineno}: {error.msg}")
    except (AftError, ValueError) as error:
        model.problems.append(f"{file}: {error}")
    else:
        _Reader(model, parts).read()
    return model


def _parts(file: str, project: Path) -> Iterator[_Part]:
    path = project / file
    if path.suffix == ".ipynb":
        for number, code in python_cells(str(path)):
            place = f"{file}, cell {number}"
            yield _Part(place, ast.parse(code, place))
    else:
        yield _Part(file, ast.parse(path.read_bytes(), file))


class _Reader:
    """Goes through the trees of one file."""

    def __init__(self, model: PythonModel, parts: list[_Part]) -> None:
        self._model = model
        self._parts = parts
        self._owners = {"aft"}  # Whose attributes `ref` and `source` are.
        self._reads: list[str] = []

    def read(self) -> None:
        calls = [(part, call) for part in self._parts for call in _calls(part.tree)]
        writes = any(_name_of(call, self._owners) == "write_to_model" for _, call in calls)
        function = None if writes else self._function()
        if function is not None:
            self._read_function(*function)
        elif not writes:
            self._model.problems.append(
                f"{self._model.file}: a Python model has to call write_to_model(), or to "
                "define model(dbt, session); a module that models import belongs in another "
                "folder"
            )
        if self._parts:
            self._read_docstring(ast.get_docstring(self._parts[0].tree) or "")
        for part, call in calls:
            self._read_call(part, call)
        self._model.reads = list(dict.fromkeys(self._reads))

    def _function(self) -> tuple[_Part, ast.FunctionDef] | None:
        """dbt's own `model`, if the file defines it."""
        for part in self._parts:
            for node in part.tree.body:
                if isinstance(node, ast.FunctionDef) and node.name == "model":
                    return (part, node) if len(node.args.args) == 2 else None
        return None

    def _read_function(self, part: _Part, function: ast.FunctionDef) -> None:
        self._model.has_function = True
        self._owners |= {"dbt", function.args.args[0].arg}
        returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        if not any(node.value is not None for node in returns):
            self._model.problems.append(
                f"{part.place}, line {function.lineno}: model() returns no frame; let it end "
                "with 'return' and the frame"
            )
        for each in self._parts:
            for line, engine in _imported_engines(each.tree.body):
                self._model.problems.append(
                    f"{each.place}, line {line}: this needs {engine}, but aft runs the model "
                    "as plain Python with pandas; take the import out, or leave the model to "
                    "dbt"
                )

    def _read_docstring(self, text: str) -> None:
        self._reads += _reads_in_text(text)
        self._model.config += _CONFIG_IN_TEXT.findall(text)
        for call in self._model.config:
            if found := _MATERIALIZED_IN_TEXT.search(call):
                self._model.materialized = found[1]

    def _read_call(self, part: _Part, call: ast.Call) -> None:
        name = _name_of(call, self._owners)
        if name == "config" and self._model.has_function:
            self._read_config(part, call)
        if name not in _READS:
            return
        read = _as_jinja(name, call)
        if read is None:
            self._model.warnings.append(_unknown_read(part.place, name, call))
        else:
            self._reads.append(read)

    def _read_config(self, part: _Part, call: ast.Call) -> None:
        for keyword in call.keywords:
            name = keyword.arg or "**"
            try:
                value = ast.literal_eval(keyword.value)
            except ValueError:
                self._model.warnings.append(
                    f"{part.place}, line {keyword.value.lineno}: dbt does not see this value "
                    f"of '{name}' in config(), because only a run could tell it; write it out"
                )
                continue
            if name == "materialized":
                self._model.materialized = str(value)
            else:
                self._model.settings[name] = value


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name_of(call: ast.Call, owners: Iterable[str]) -> str:
    """The function's name, if it is one of aft's or dbt's: `ref` or `dbt.ref`; or empty."""
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr if function.value.id in owners else ""
    # `config` alone is no word of aft's.
    is_bare = isinstance(function, ast.Name) and function.id != "config"
    return function.id if is_bare and isinstance(function, ast.Name) else ""


def _as_jinja(name: str, call: ast.Call) -> str | None:
    """The call as dbt's Jinja takes it; None if it depends on more than the text."""
    versions = [keyword for keyword in call.keywords if keyword.arg in _VERSION]
    given = [*call.args, *(keyword.value for keyword in versions)]
    if not call.args or not all(isinstance(value, ast.Constant) for value in given):
        return None
    if not all(isinstance(_constant(value), str) for value in call.args):
        return None
    arguments = [repr(_constant(value)) for value in call.args]
    arguments += [f"{one.arg}={_constant(one.value)!r}" for one in versions]
    return f"{name}({', '.join(arguments)})"


def _constant(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def _reads_in_text(text: str) -> Iterator[str]:
    """The calls in a docstring. What only looks like one is no mistake there."""
    for found in _READS_IN_TEXT.findall(text):
        try:
            call = ast.parse(found, mode="eval").body
        except SyntaxError:
            continue
        if isinstance(call, ast.Call):
            read = _as_jinja(_name_of(call, ()), call)
            if read is not None:
                yield read


def _unknown_read(place: str, name: str, call: ast.Call) -> str:
    example = "ref('NAME')" if name == "ref" else "source('NAME', 'TABLE')"
    return (
        f"{place}, line {call.lineno}: dbt cannot know what this {name}() reads, so it may "
        "build that later; write into the file's docstring: "
        f"-- depends_on: {{{{ {example} }}}}"
    )


def _imported_engines(body: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """The engines that a model imports whatever happens, with the lines."""
    for node in body:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, (ast.Try, ast.If)):
            continue  # There it may be for type checkers, or done without.
        else:
            yield from _imported_engines(ast.iter_child_nodes(node))
            continue
        for module in modules:
            engine = _ENGINES.get(module.partition(".")[0])
            if engine is not None and (engine == "PySpark" or "snowpark" in ast.unparse(node)):
                yield node.lineno, engine
