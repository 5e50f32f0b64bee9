# SPDX-License-Identifier: Apache-2.0
"""Moves one frame to and from DuckDB: by its own module, and by aft over that and a loan.

Live, scripts have a session that dbt's process lends; here a process of the benchmark's
lends it. Prints rows a second and the seconds as a multiple of
the module's own, as medians over the rounds. What was read is compared with the frame.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pyarrow as pa
from aft.transports.duckdb_lent import LentTransport
from aft.transports.duckdb_module import ModuleTransport
from aft.transports.transport import TransportConnection

from tests.benchmarks.frames import frame_data
from tests.benchmarks.measure import print_machine, print_table
from tests.support import duckdb_transports
from tests.support.duckdb_file import DuckdbFile
from tests.support.processes import wait_until

_QUERY = "select * from source"
_RELATION = {
    "database": None,
    "schema": "main",
    "identifier": "written",
    "quote_database": True,
    "quote_schema": True,
    "quote_identifier": True,
}


def _lend(path: str, address: str) -> None:
    """Lend the database until this process is ended."""
    duckdb_transports.lend(DuckdbFile(Path(path)), Path(address))
    signal.pause()


def _ways(connection: Any, frame: pa.Table) -> dict[str, Callable[[], Any]]:
    """Read to Arrow, and write into a new table in the place of one."""
    if isinstance(connection, TransportConnection):
        return {
            "read": lambda: pa.RecordBatchReader.from_stream(
                connection.read(_QUERY)
            ).read_all(),
            "write": lambda: connection.write(frame, _RELATION, "overwrite"),
        }
    connection.register("frame", frame)
    return {
        "read": lambda: connection.sql(_QUERY).to_arrow_table(),
        "write": lambda: connection.execute(
            "create or replace table written as select * from frame"
        ),
    }


def _seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def _measure(connection: Any, frame: pa.Table, rounds: int) -> dict[str, float]:
    found: dict[str, list[float]] = {"read": [], "write": []}
    ways = _ways(connection, frame)
    for _ in range(rounds):
        for action, run in ways.items():
            seconds, result = _seconds(run)
            found[action].append(seconds)
            if action == "read":
                wanted = frame_data.hashes(frame, frame.schema)
                if frame_data.hashes(result, frame.schema) != wanted:
                    sys.exit("a value has changed")
    return {action: median(seconds) for action, seconds in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    frame = frame_data.make(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/shop.duckdb"
        with duckdb.connect(path) as made:
            made.execute("create table source as select * from frame")
        measured = {}
        with duckdb.connect(path) as connection:
            measured["the module alone"] = _measure(connection, frame, options.rounds)
        by_module = TransportConnection(ModuleTransport(duckdb.connect(path)))
        measured["aft, by the module"] = _measure(by_module, frame, options.rounds)
        by_module.close()
        socket = Path(folder) / "lend"
        lender = multiprocessing.get_context("spawn").Process(
            target=_lend, args=(path, str(socket)), daemon=True
        )
        lender.start()
        wait_until(socket.exists, "the database is lent")
        lent = TransportConnection(LentTransport(socket))
        measured["aft, by a loan"] = _measure(lent, frame, options.rounds)
        lent.close()
        lender.terminate()
        lender.join()
    print_machine()
    own = measured["the module alone"]
    for action in ("read", "write"):
        rows = [
            (
                way,
                f"{options.rows / seconds[action]:,.0f}",
                f"{seconds[action] / own[action]:.2f}",
            )
            for way, seconds in measured.items()
        ]
        print_table((action, "rows/s", "seconds to the module's"), rows)


if __name__ == "__main__":
    main()
