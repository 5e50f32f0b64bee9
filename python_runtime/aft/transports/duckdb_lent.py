# SPDX-License-Identifier: Apache-2.0
"""DuckDB as dbt's own process lends it; see the gate's `aft_dbt_lend`.

Statements go through a socket, and frames through Parquet files in the run's folder.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aft import _aft
from aft.table_config import plain_literal
from aft.transports.duckdb_errors import error_of
from aft.transports.duckdb_statement import UTC, gives_rows, outcome
from aft.transports.duckdb_types import readable_query
from aft.transports.transport import TextRow, TransportConnection

_GONE = "08S01"
_PARQUET = "FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1"
# As many as DuckDB reads by one of its threads.
_ROWS_OF_GROUP = 122_880


@dataclass(frozen=True)
class LentSettings:
    """Where dbt lends its connection."""

    socket: Path

    def connect(self) -> TransportConnection:
        """Ask for a session. Raises _aft.Error."""
        return TransportConnection(LentTransport(self.socket))


class LentTransport:
    """A session of the DuckDB database in dbt's process."""

    dbms_name = "DuckDB"

    def __init__(self, address: Path) -> None:
        self._folder = address.parent
        self._socket = socket.socket(socket.AF_UNIX)
        self._sending = threading.Lock()
        self._last_id = 0
        self._busy_with = 0  # The id of a request that may be stopped.
        try:
            self._socket.connect(str(address))
        except OSError as error:
            raise _lost(str(error)) from None
        self._answers = self._socket.makefile("rb")
        # dbt's own may have another one.
        self.run(UTC, False)

    def run(self, sql: str, may_stop: bool) -> tuple[list[TextRow] | None, int]:
        """Run a statement; see `Transport`."""
        answer = self._ask({"sql": sql}, may_stop)
        has_rows = gives_rows(answer["kind"], answer["is_query"], sql)
        return outcome(has_rows, answer["names"], answer["rows"])

    def insert(self, table: str, columns: str, rows: _aft.Result) -> None:
        """Insert a batch of rows; see `Transport`."""
        with self._file() as path:
            # Whatever makes files smaller takes longer than a file that is read once saves.
            pq.write_table(
                pa.RecordBatchReader.from_stream(rows).read_all(),
                path,
                compression="none",
                use_dictionary=False,
                write_statistics=False,
                row_group_size=_ROWS_OF_GROUP,
            )
            source = f"read_parquet({plain_literal(str(path))})"
            self.run(f"INSERT INTO {table} ({columns}) SELECT * FROM {source}", True)

    def read(self, sql: str, batch_rows: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; see `Transport`."""
        described = None
        with contextlib.suppress(_aft.Error):
            described = self._ask({"sql": f"DESCRIBE {sql}"}, True)["rows"]
        columns = [(row[0], row[1]) for row in described or self._keep(sql)]
        query = readable_query(sql if described else "FROM aft_kept", columns, in_file=True)
        with self._file() as path:
            if described:
                copy = f"COPY (\n{query}\n) TO {plain_literal(str(path))} ({_PARQUET})"
                self.run(copy, True)
            else:
                self._ask({"kept": query, "path": str(path)}, True)
            # Without a name, the file is gone with its last reader.
            file = path.open("rb")
        read = pq.ParquetFile(file)
        schema = _renamed(read.schema_arrow, [name for name, _ in columns])
        return schema, _batches(file, read, schema, batch_rows)

    def gives_rows(self, sql: str) -> bool:
        """Whether a statement is a query; see `Transport`."""
        parsed = self._ask({"parse": sql}, True)
        return gives_rows(parsed["kind"], parsed["is_query"], sql)

    def cancel(self) -> bool:
        """Stop what another thread waits for; see `Transport`."""
        request = self._busy_with
        if request:
            with contextlib.suppress(OSError):
                self._send({"cancel": request})
        return request != 0

    def close(self) -> None:
        """End the session."""
        self._answers.close()
        self._socket.close()

    def _keep(self, sql: str) -> list[list[str]]:
        """Run what is no SELECT, such as SHOW, and keep its rows: names and types."""
        columns: list[list[str]] = self._ask({"keep": sql}, True)["columns"]
        return columns

    def _ask(self, request: dict[str, Any], may_stop: bool) -> dict[str, Any]:
        self._last_id += 1
        self._busy_with = self._last_id if may_stop else 0
        try:
            self._send({"id": self._last_id, **request})
            answer = self._receive()
        except OSError as error:
            raise _lost(str(error)) from None
        except BaseException:
            # Nobody will take the answer.
            self.cancel()
            raise
        finally:
            self._busy_with = 0
        if "error" in answer:
            raise error_of(answer["error"])
        return answer

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending:
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> dict[str, Any]:
        while True:
            line = self._answers.readline()
            if not line.endswith(b"\n"):
                raise _lost("dbt has closed the connection that it lent")
            answer: dict[str, Any] = json.loads(line)
            # Others are answers that a signal kept from being taken.
            if answer["id"] == self._last_id:
                return answer

    @contextlib.contextmanager
    def _file(self) -> Iterator[Path]:
        path = self._folder / f"frame-{secrets.token_hex(8)}.parquet"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def _lost(text: str) -> _aft.Error:
    error = _aft.Error(text)
    error.sqlstate, error.native_code, error.function = _GONE, 0, "duckdb"
    return error


def _renamed(schema: pa.Schema, names: list[str]) -> pa.Schema:
    return pa.schema(entry.with_name(name) for entry, name in zip(schema, names))


def _batches(
    file: Any, read: pq.ParquetFile, schema: pa.Schema, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    with file:
        for batch in read.iter_batches(batch_rows):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
