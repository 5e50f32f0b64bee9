# SPDX-License-Identifier: Apache-2.0
"""The Python in a Jupyter notebook, as it runs outside of Jupyter.

A cell's number in tracebacks counts all cells from 1, as a reader of the file does.
"""

from __future__ import annotations

import ast
import json
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

from aft.errors import AftError

_OLDEST_FORMAT = 4
# A magic, a command of the shell or a question (IPython, "Built-in magic commands").
_LINE_MAGIC = re.compile(r"^\s*(?:%{1,2}[A-Za-z]|!|\?)")
_CELL_MAGIC = re.compile(r"^%%(\w+)")
# Cell magics whose cell is Python all the same.
_PYTHON_MAGICS = frozenset({"capture", "prun", "py", "python", "python3", "time", "timeit"})


def compiled_cells(path: str) -> Iterator[CodeType]:
    """The code cells in their order. Raises AftError for a file that is no notebook."""
    for number, code in python_cells(path):
        name = f"{path}, cell {number}"
        # Tracebacks show lines from here, for there is no file of that name.
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        yield compile(code, name, "exec", dont_inherit=True)


def python_cells(path: str) -> Iterator[tuple[int, str]]:
    """The numbers of the code cells and their Python, in their order."""
    for number, source in _code_cells(path):
        yield number, _python(source)


def _code_cells(path: str) -> Iterator[tuple[int, str]]:
    try:
        document: Any = json.loads(Path(path).read_bytes())
        version = document["nbformat"]
        if version < _OLDEST_FORMAT:
            raise AftError(
                f"the notebook is of format {version}; convert it with: jupyter nbconvert "
                f"--to notebook --inplace --nbformat 4 {Path(path).name}"
            )
        for number, cell in enumerate(document["cells"], start=1):
            if cell["cell_type"] == "code":
                source = cell["source"]
                yield number, source if isinstance(source, str) else "".join(source)
    except (ValueError, KeyError, TypeError) as error:
        raise AftError(f"the file is not a Jupyter notebook: {error!r}") from None


def _python(source: str) -> str:
    """The Python of a cell; empty where its magic makes it another language's."""
    magic = _CELL_MAGIC.match(source)
    if magic and magic[1] not in _PYTHON_MAGICS:
        return ""
    try:
        ast.parse(source)
    except SyntaxError:
        # What looks like a magic may also be a line of a text or an expression.
        return "\n".join(map(_python_line, source.splitlines()))
    return source


def _python_line(line: str) -> str:
    """A line, or in place of a magic one that does nothing and is as far indented."""
    if not _LINE_MAGIC.match(line):
        return line
    return line[: len(line) - len(line.lstrip())] + "pass"
