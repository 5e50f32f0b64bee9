# SPDX-License-Identifier: Apache-2.0
"""Whether a script's text lets it write its model's table, for one that has not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_WRITING = frozenset({"execute_sql", "write_to_model"})
# With these a program may run what its own text doesn't show.
_INDIRECT = frozenset({
    *("__import__", "import_module", "exec_module", "spec_from_file_location", "sys.path"),
    *("eval", "exec", "globals", "run_module", "run_path"),
})  # fmt: skip
# A shell reads another file: `. lib.sh` or `source lib.sh`.
_SOURCES = re.compile(rb"(^|[;&|])\s*(\.|source)\s", re.MULTILINE)


def may_write(path: Path, *, is_python: bool, folders: Sequence[Path]) -> bool:
    """Whether the script at ``path`` may write, as far as its text tells: if in doubt, yes.

    A module that it imports from one of ``folders`` may do it in its place.
    """
    try:
        if not is_python:
            content = path.read_bytes()
            writes = b"aft" in content and b"write" in content
            return writes or b"\0" in content or _SOURCES.search(content) is not None
        return any(_may_write(tree, folders) for tree in _trees(path))
    except (OSError, SyntaxError, ValueError):
        return True


def _trees(path: Path) -> Iterator[ast.AST]:
    if path.suffix == ".ipynb":
        from aft.notebook import python_cells

        for _, code in python_cells(str(path)):
            yield ast.parse(code)
    else:
        yield ast.parse(path.read_bytes())


def _may_write(tree: ast.AST, folders: Sequence[Path]) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.Attribute):
            names = [node.attr, ast.unparse(node)]
        elif isinstance(node, ast.Constant):
            names = [node.value] if isinstance(node.value, str) else []
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ".", *(alias.name for alias in node.names)]
            if node.level:
                return True
        else:
            continue
        if any(name in _WRITING or name in _INDIRECT for name in names):
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)) and any(
            _is_in(name.partition(".")[0], folders) for name in names
        ):
            return True
    return False


def _is_in(module: str, folders: Sequence[Path]) -> bool:
    return any(
        (folder / module).is_dir() or (folder / f"{module}.py").is_file() for folder in folders
    )
