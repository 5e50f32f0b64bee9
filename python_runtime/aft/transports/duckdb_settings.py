# SPDX-License-Identifier: Apache-2.0
"""How to get at a DuckDB database: by dbt's process, where that lends it, or in this one."""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aft import _aft, messages
from aft.errors import AftError
from aft.install_hint import how_to_install
from aft.transports.duckdb_module import ModuleTransport
from aft.transports.transport import TransportConnection

# How long to wait for another process that has the file, in seconds.
_LONGEST_WAIT = 60.0
_FIRST_DELAY = 0.02
_LONGEST_DELAY = 0.5
_LOCKED = "Could not set lock"


@dataclass(frozen=True)
class DuckdbSettings:
    """A database file, and what dbt's adapter does with a session of it."""

    path: Path
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    statements: tuple[str, ...] = field(default=(), repr=False)
    if_absent: str = ""

    def connect(self) -> TransportConnection:
        """Open it in this process, as soon as no other one has it. Raises AftError."""
        duckdb = _module()
        if not self.path.exists():
            raise AftError(f"there is no database file '{self.path}'; {self.if_absent}")
        connection = self._open(duckdb)
        transport = ModuleTransport(connection)
        # Names are those of tables, and never of variables. Not every version has it.
        with contextlib.suppress(_aft.Error):
            transport.run("SET python_enable_replacements = false", True)
        try:
            for statement in self.statements:
                transport.run(statement, True)
        except BaseException:
            transport.close()
            raise
        return TransportConnection(transport)

    def _open(self, duckdb: Any) -> Any:
        deadline = time.monotonic() + _LONGEST_WAIT
        delay = _FIRST_DELAY
        while True:
            try:
                return duckdb.connect(str(self.path), config=dict(self.config))
            except duckdb.Error as error:
                if _LOCKED not in str(error):
                    raise AftError(f"cannot open '{self.path}': {error}") from None
                if time.monotonic() >= deadline:
                    raise AftError(
                        f"cannot open '{self.path}': DuckDB admits one process at a time, and "
                        f"another one has had it for {_LONGEST_WAIT:.0f} s: {error}"
                    ) from None
            if delay == _FIRST_DELAY:
                messages.warn(f"waiting for another process to close '{self.path}'")
            time.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)


def _module() -> Any:
    try:
        return importlib.import_module("duckdb")
    except ModuleNotFoundError:
        raise AftError(
            "DuckDB's data need the package duckdb in the script's environment, unless dbt "
            f"runs with it live; {how_to_install(['duckdb'])}"
        ) from None
