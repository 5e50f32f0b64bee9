# SPDX-License-Identifier: Apache-2.0
"""How to get at a DuckDB database: by dbt's process, where that lends it, or in this one."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
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
_LONGEST_SILENT_WAIT = 2.0
_LOCKED = "Could not set lock"
# What was open in the process that this one was forked from. A file's locks and DuckDB's
# threads stay there, but its module would go on with what it finds in memory.
_inherited: set[str] = set()


def _remember_open_files() -> None:
    if "duckdb" in sys.modules:
        for entry in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                _inherited.add(os.readlink(f"/proc/self/fd/{entry}"))


os.register_at_fork(after_in_child=_remember_open_files)


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
        if os.path.realpath(self.path) in _inherited:
            raise AftError(
                f"this process was forked while '{self.path}' was open, and DuckDB admits one "
                "process; fork it before the file is read as batches or written, or opened "
                "by the script itself"
            )
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
        began = time.monotonic()
        delay, is_silent = _FIRST_DELAY, True
        while True:
            try:
                return duckdb.connect(str(self.path), config=dict(self.config))
            except duckdb.Error as error:
                if _LOCKED not in str(error):
                    raise AftError(f"cannot open '{self.path}': {error}") from None
                waited = time.monotonic() - began
                if waited >= _LONGEST_WAIT:
                    raise AftError(
                        f"cannot open '{self.path}': DuckDB admits one process at a time, and "
                        f"another one has had it for {_LONGEST_WAIT:.0f} s: {error}"
                    ) from None
            if is_silent and waited >= _LONGEST_SILENT_WAIT:
                messages.warn(f"waiting for another process to close '{self.path}'")
                is_silent = False
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
