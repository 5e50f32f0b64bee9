# SPDX-License-Identifier: Apache-2.0
"""The versions of dbt that aft is tested with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import REPOSITORY


@dataclass(frozen=True)
class Entry:
    """An environment of packaging/matrix.txt."""

    name: str
    is_core: bool  # Tested by each packaging/test.

    @property
    def version(self) -> tuple[int, ...]:
        return tuple(map(int, self.name.partition("-")[0].split(".")))

    @property
    def adapter(self) -> str:
        return self.name.partition("-")[2]

    @property
    def environment(self) -> Path:
        """Its Python environment, which may not be installed."""
        return REPOSITORY / ".matrix" / self.name

    @property
    def program(self) -> Path:
        """Its dbt."""
        return self.environment / "bin" / "dbt"


def read_entries() -> list[Entry]:
    """The entries of packaging/matrix.txt in their order."""
    lines = (REPOSITORY / "packaging" / "matrix.txt").read_text().splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return [Entry(name, when == "always") for name, when, *_ in words]
