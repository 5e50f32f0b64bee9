# SPDX-License-Identifier: Apache-2.0
"""dbt in a process of its own, which compiles texts for a script: `dbt compile --inline`.

The first line on standard input has dbt's arguments, those of all commands and those of
`dbt compile` alone, and each further line a text, all as JSON. To each text comes a line
with what dbt has made of it, under "sql", and the unique ids of the nodes that it reads, under
"reads"; or else "error". The process ends with its input. It writes no artifacts and reads the
project once.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_MISSING = "there is no dbt 1.5 or later in the environment of this script"


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # What dbt prints is for nobody.
    compiler = Compiler(*json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        try:
            answer = compiler.compiled(json.loads(line))
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Compiler:
    """Compiles one text after another with the same manifest."""

    def __init__(self, arguments: list[str], of_compile: list[str]) -> None:
        self._arguments = arguments
        self._of_compile = of_compile
        self._manifest: Any = None

    def compiled(self, text: str) -> dict[str, Any]:
        """What dbt makes of ``text``, and what that reads. Raises what dbt has raised."""
        if self._manifest is None:
            self._manifest = self._invoke("parse")
        try:
            command = ("compile", "--inline", text, *self._of_compile)
            (result,) = self._invoke(*command).results
        except Exception:
            self._manifest = None  # The text that failed is left in it.
            raise
        if result.node is None or result.node.compiled_code is None:
            raise ValueError(result.message or "dbt has compiled nothing")
        return {
            "sql": str(result.node.compiled_code),
            "reads": sorted(set(result.node.depends_on.nodes)),
        }

    def _invoke(self, *command: str) -> Any:
        try:
            from dbt.cli.main import dbtRunner
        except ImportError:
            raise ValueError(_MISSING) from None
        ended = dbtRunner(manifest=self._manifest).invoke([*command, *self._arguments])
        if ended.exception is not None:
            raise ended.exception
        if not ended.success or ended.result is None:
            results = getattr(ended.result, "results", None) or ()
            messages = [str(result.message) for result in results if result.message]
            raise ValueError("; ".join(messages) or "dbt has given no reason")
        return ended.result


if __name__ == "__main__":
    main()
