# SPDX-License-Identifier: Apache-2.0
"""What `aft debug` prints: a line for each thing, and at the end what has to be done."""

from __future__ import annotations

from collections.abc import Callable

from aft.secrets import masked


class Report:
    """Lines for a person, and what was wrong. Shows no secret."""

    def __init__(self) -> None:
        self._problems: list[tuple[str, str]] = []

    def say(self, name: str, text: str) -> None:
        """Tell something that is neither well nor wrong."""
        print(f"  {name + ':':<22} {masked(text)}", flush=True)

    def fail(self, name: str, problem: Exception | str) -> None:
        """Tell that something is wrong; what it is comes at the end."""
        # Servers answer in several lines.
        lines = (line.strip() for line in str(problem).splitlines())
        self._problems.append((name, " ".join(lines).strip() or type(problem).__name__))
        self.say(name, "ERROR, see below")

    def check(self, name: str, look: Callable[[], str]) -> bool:
        """Tell what ``look`` finds, or that it raised an error."""
        try:
            found = look()
        except Exception as error:
            self.fail(name, error)
            return False
        self.say(name, f"OK, {found}" if found else "OK")
        return True

    def end(self) -> int:
        """Print whether scripts can run, or each problem. The exit code of the program."""
        print()
        if not self._problems:
            print("Ready: 'aft dbt run' will run the scripts of this project")
            return 0
        print("Not ready:")
        for name, problem in self._problems:
            self.say(name, problem)
        return 1
