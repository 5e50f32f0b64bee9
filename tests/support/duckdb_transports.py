# SPDX-License-Identifier: Apache-2.0
"""Both ways to a DuckDB file: by its module, and as dbt's process lends it."""

from __future__ import annotations

import contextlib
import importlib
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aft.transports.duckdb_lent import LentSettings
from aft.transports.transport import TransportConnection

from tests.support.duckdb_file import DuckdbFile
from tests.support.programs import PACKAGES

NAMES = ("module", "lent")


@contextlib.contextmanager
def connected(name: str, file: DuckdbFile) -> Iterator[TransportConnection]:
    """A connection by the transport of that name."""
    if name == "module":
        connection = file.connect()
        assert isinstance(connection, TransportConnection)
        yield connection
        connection.close()
        return
    with tempfile.TemporaryDirectory(prefix="aft-test-") as folder:
        connection = LentSettings(lend(file, Path(folder) / "lend")).connect()
        yield connection
        connection.close()
        assert [path.name for path in Path(folder).iterdir()] == ["lend"]


def lend(file: DuckdbFile, address: Path) -> Path:
    """Lend the file at a socket, as the gate does with what dbt's adapter has open."""
    gate = str(PACKAGES / "gate")
    if gate not in sys.path:
        sys.path.append(gate)
    lender: Any = importlib.import_module("aft_dbt_lend")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen(1)
    handle = SimpleNamespace(cursor=file.cursor, close=lambda: None)
    environment = SimpleNamespace(handle=lambda: handle)
    adapter = SimpleNamespace(connections=SimpleNamespace(env=lambda: environment))

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
        lender._Session(connection, adapter).serve()

    threading.Thread(target=serve, daemon=True).start()
    return address
