# SPDX-License-Identifier: Apache-2.0
"""Moves one frame by aft and by other tools, in turn, on servers of its own.

Each pass is a process of its own; what it has read or written is compared with the frame:
aft may change nothing, and what another tool changes is said.
Prints rows a second, the memory that a pass takes beside what its tool and the frame need,
the ratio to aft's in the same round, and the server's processor time as a share of the pass
(medians over the rounds).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

import pyarrow as pa

from tests.benchmarks.frames import environment, frame_data, measured_pass
from tests.benchmarks.frames.measured_pass import Figures
from tests.benchmarks.frames.peers import (
    KEY,
    SOURCE,
    WAYS,
    WRITTEN,
    Place,
    create_table,
    sqlite_rows,
)
from tests.benchmarks.measure import print_machine, print_table
from tests.support import mariadb, postgres
from tests.support.mariadb import MariadbServer

DATABASES = ("postgres", "mariadb", "sqlite")
HEAD = ("", "rows/s", "to aft", "MB", "server")
# Tools that send each row alone, where that is too slow for more rows.
_SLOW = {("postgres", "pyodbc"), ("mariadb", "pyodbc")}
_MOST_ROWS_WHERE_SLOW = 100_000
_LOOP = "bare C loop"
# Tools that are told of the frame's columns, or guess how long texts are.
_FOR_SCHEMA_ONLY = ("arrow-odbc", "connectorx, 2 partitions")
_VIEW = "dependent"
# How often the frame is in a table before it is appended or merged.
_TIMES_THERE = 10


class Bench:
    """One database with the frame in it, and the ways to move the frame."""

    def __init__(
        self,
        place: Place,
        run_sql: Callable[[str], object],
        frame: pa.Table,
        loop: Path,
        server: int | None = None,
    ) -> None:
        self._place = place
        self._run_sql = run_sql
        self._server = server
        self._hashes = frame_data.hashes(frame, frame.schema)
        self._has_loop = frame.schema.equals(frame_data.SCHEMA)
        self._loop = loop
        self._frame = frame
        self.rows = frame.num_rows

    def ways(self, action: str) -> list[str]:
        """The names of the ways, aft's first."""
        names = [
            name
            for name, (_, databases) in WAYS[action].items()
            if self._takes(name, databases)
            and (action != "upsert" or pa.types.is_integer(self._frame.schema.field(KEY).type))
        ]
        return names + [_LOOP] * (action == "read" and self._has_loop)

    def _takes(self, name: str, databases: tuple[str, ...]) -> bool:
        is_slow = (self._place.database, name) in _SLOW and self.rows > _MOST_ROWS_WHERE_SLOW
        is_apt = self._has_loop or name not in _FOR_SCHEMA_ONLY
        return self._place.database in databases and is_apt and not is_slow

    def measure(self, action: str, way: str) -> Figures:
        """One pass. Exits where aft has changed a value."""
        if action == "read":
            figures = self._pass(action, way)
            changed = self._changed(figures)
        else:
            self._prepare(action, has_view=action == "replace" and way.startswith("aft"))
            figures = self._pass(action, way)
            written = f"(select * from {WRITTEN} where {KEY} < {self.rows}) as merged"
            table = written if action == "upsert" else WRITTEN
            changed = self._changed(self._pass("read", "aft", table=table), action)
        if changed and way.startswith("aft"):
            sys.exit(f"{self._place.database}, {way}: changed {', '.join(changed)}")
        return replace(figures, changed=changed)

    def _prepare(self, action: str, has_view: bool) -> None:
        """Make what is there before rows are written."""
        self._run_sql(f"drop view if exists {_VIEW}")
        self._run_sql(f"drop table if exists {WRITTEN}")
        if action in ("replace", "append"):
            self._run_sql(create_table(WRITTEN, self._place.database, self._frame.schema))
            for _ in range(_TIMES_THERE if action == "append" else 1):
                self._run_sql(f"insert into {WRITTEN} select * from {SOURCE}")
        if action == "upsert":
            self._prepare_merge()
        if has_view:
            self._run_sql(f"create view {_VIEW} as select * from {WRITTEN}")

    def _prepare_merge(self) -> None:
        """Ten times as many rows, of which a tenth have the frame's keys and no values."""
        self._run_sql(create_table(WRITTEN, self._place.database, self._frame.schema))
        for times in range(_TIMES_THERE):
            keys = f"insert into {WRITTEN} ({KEY}) select {KEY} + {times * self.rows}"
            self._run_sql(f"{keys} from {SOURCE}")
        self._run_sql(f"create unique index {WRITTEN}_{KEY} on {WRITTEN} ({KEY})")

    def _changed(self, figures: Figures, action: str = "") -> list[str]:
        times = _TIMES_THERE + 1 if action == "append" else 1
        return [
            name
            for name, found in figures.hashes.items()
            if found != self._hashes[name] * times % 2**64
        ]

    def _pass(self, action: str, way: str, table: str = SOURCE) -> Figures:
        if way == _LOOP:
            query = f"select * from {table}"
            command: list[str | Path] = [self._loop, self._place.connection_string, query]
            return measured_pass.run(command, environment.variables(), self._server)
        module = "tests.benchmarks.frames.one_pass"
        place = json.dumps(asdict(replace(self._place, table=table)))
        command = [environment.python(), "-m", module, action, way, place]
        return measured_pass.run(command, environment.variables(), self._server)


@contextlib.contextmanager
def bench(database: str, frame: pa.Table, folder: Path, loop: Path) -> Iterator[Bench]:
    """A database that holds the frame as its table SOURCE, loaded by its own client."""
    path = folder / "frame.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, frame.schema) as writer:
        writer.write_table(frame, max_chunksize=65536)
    place = Place(database, "", "", str(path), SOURCE)
    if database == "sqlite":
        yield _sqlite(place, frame, folder, loop)
        return
    running = postgres.running_server if database == "postgres" else mariadb.running_server
    with running() as server:
        string = server.connection_string
        if isinstance(server, MariadbServer):
            string = server.connection_string_to_database
        place = replace(place, connection_string=string, uri=server.uri)
        server.run(create_table(SOURCE, database, frame.schema))
        data = folder / "frame.txt"
        _write_text(frame, data)
        server.run(_load(database, data))
        yield Bench(place, server.run, frame, loop, server.pid)


def _write_text(frame: pa.Table, path: Path) -> None:
    """The rows as both servers' clients load them: tabs between values, \\N for NULL."""

    def text(value: object) -> str:
        if value is None:
            return r"\N"
        if isinstance(value, bool):
            return str(int(value))
        return str(value).replace("\\", "\\\\")

    columns = [map(text, column.to_pylist()) for column in frame.columns]
    with path.open("w", encoding="utf-8") as file:
        file.writelines("\t".join(row) + "\n" for row in zip(*columns))


def _load(database: str, path: Path) -> str:
    if database == "postgres":
        return f"\\copy {SOURCE} from '{path}'\nvacuum analyze {SOURCE};"
    return (
        "set global local_infile = 1;\n"
        f"load data local infile '{path}' into table {SOURCE} character set utf8mb4"
    )


def _sqlite(place: Place, frame: pa.Table, folder: Path, loop: Path) -> Bench:
    path = folder / "shop.db"
    connection_string = f"Driver=SQLite3;Database={path};StepAPI=1;NoWCHAR=1;Timeout=50"
    place = replace(place, connection_string=connection_string, uri=str(path))

    def run_sql(sql: str) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(sql)

    run_sql(create_table(SOURCE, "sqlite", frame.schema))
    marks = ", ".join("?" * len(frame.schema))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(f"insert into {SOURCE} values ({marks})", sqlite_rows(frame))
    return Bench(place, run_sql, frame, loop)


def _compare(bench_: Bench, action: str, rounds: int) -> list[list[str]]:
    """A row for each way, with the columns of HEAD."""
    ways = bench_.ways(action)
    first = ways[0]
    passes = [{way: bench_.measure(action, way) for way in ways} for _ in range(rounds)]
    rows = []
    for way in ways:
        rate = median(bench_.rows / figures[way].seconds for figures in passes)
        ratio = median(figures[first].seconds / figures[way].seconds for figures in passes)
        memory = max(figures[way].peak_bytes for figures in passes) / 1e6
        remarks = [passes[0][way].way, *(f"changes {name}" for name in passes[0][way].changed)]
        name = ", ".join([way, *filter(None, remarks)])
        share = median(
            figures[way].server_seconds / figures[way].seconds for figures in passes
        )
        server = f"{share:.0%}" if share else "-"
        rows.append([name, f"{rate:,.0f}", f"{ratio:.2f}", f"{memory:,.0f}", server])
    return rows


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--actions", nargs="+", choices=WAYS, default=("read", "write"))
    parser.add_argument("--shape", choices=frame_data.SHAPES, default="plain")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    make = frame_data.SHAPES[arguments.shape]
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        # The servers' accounts read from here.
        Path(folder).chmod(0o755)
        loop = environment.bare_loop(Path(folder))
        for database in arguments.databases:
            for rows in arguments.rows:
                place = Path(folder) / f"{database}_{rows}"
                place.mkdir()
                with bench(database, make(rows), place, loop) as bench_:
                    for action in filter(bench_.ways, arguments.actions):
                        print(f"\n{database}, {action}, {rows:,} rows\n")
                        print_table(HEAD, _compare(bench_, action, arguments.rounds))


if __name__ == "__main__":
    main()
