# SPDX-License-Identifier: Apache-2.0
"""Lends dbt's own database to the scripts of a run, where it admits one process only.

DuckDB's file does. A script's process connects to the Unix socket ``lend`` beside the
gate's; each connection is a session of the database that dbt's adapter has open, with a
thread of its own. It speaks JSON objects, one a line; an answer has its request's id::

    -> {"id": 1, "sql": "select 1 as a"}
    <- {"id": 1, "kind": "SELECT", "is_query": true, "names": ["a"], "rows": [["1"]]}
    -> {"id": 2, "sql": "insert into t values (1)"}
    <- {"id": 2, "kind": "INSERT", "is_query": false, "names": ["Count"], "rows": [["1"]]}
    -> {"id": 3, "parse": "select 1"}
    <- {"id": 3, "kind": "SELECT", "is_query": true}
    -> {"id": 4, "sql": "nonsense"}
    <- {"id": 4, "error": "Parser Error: ..."}
    -> {"id": 5, "keep": "insert into t values (1) returning a"}
    <- {"id": 5, "columns": [["a", "INTEGER"]]}
    -> {"id": 6, "kept": "select a from aft_kept", "path": "..."}
    <- {"id": 6}

``keep`` runs what can't be part of another statement, and ``kept`` writes its rows to a
Parquet file. ``{"cancel": 2}`` stops the request of that id, whether it has begun or not; it
has no answer of its own. When the connection ends, what it runs is stopped and undone.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import os
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

TYPES = frozenset({"duckdb"})
_NAME = "lend"
_INTERVAL = 0.05  # seconds
_CREDENTIALS = struct.Struct("3i")  # Of a peer: process, user, group.


def start(gate: str) -> None:
    """Lend dbt's database, if it has to be lent, beside the gate's socket. Once is enough."""
    address = os.path.join(os.path.dirname(gate), _NAME)
    if _adapter() is None or os.path.exists(address):
        return
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    _in_thread(_accept, listener)


def _adapter() -> Any:
    from dbt.adapters.factory import FACTORY

    adapters = list(FACTORY.adapters.values())
    return next((adapter for adapter in adapters if adapter.type() in TYPES), None)


def _in_thread(run: Any, *arguments: Any) -> None:
    # dbt's events and connections belong to the invocation that the context names.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run, *arguments), daemon=True).start()


def _accept(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(peer)[1] != os.geteuid():
            connection.close()
            continue
        # A program may call dbt again, which then has another adapter.
        _in_thread(_Session(connection, _adapter()).serve)


def _handle(adapter: Any) -> Any:
    """A session that dbt itself knows nothing of: it would close it while it is busy."""
    connections = adapter.connections
    try:
        return connections.env().handle()
    except Exception:  # Nothing has been opened yet.
        with adapter.connection_named("aft"):
            assert connections.get_thread_connection().handle
            return connections.env().handle()


class _Session:
    """One connection of a script's, and the session that it uses."""

    def __init__(self, connection: socket.socket, adapter: Any) -> None:
        self._connection = connection
        self._adapter = adapter
        self._requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._cursor: Any = None
        self._kept: Any = None
        self._running: int | None = None  # The id of the request.
        self._cancelled = 0  # The last one that was cancelled before it ran.
        self._has_ended = False

    def serve(self) -> None:
        """Run what comes until the connection ends."""
        _in_thread(self._receive)
        with contextlib.suppress(OSError), self._connection:
            try:
                self._answer_by_session()
            finally:
                # The thread that receives would keep the other side waiting.
                self._connection.shutdown(socket.SHUT_RDWR)

    def _answer_by_session(self) -> None:
        try:
            handle = _handle(self._adapter)
            self._cursor = handle.cursor()
        except Exception as error:
            refusal = {"error": str(error)}
            self._answer_all(lambda _: refusal)
            return
        with contextlib.closing(handle):
            self._answer_all(self._answer)

    def _receive(self) -> None:
        lines = self._connection.makefile("rb")
        with contextlib.suppress(OSError, ValueError), lines:
            for line in lines:
                request = json.loads(line)
                if "cancel" in request:
                    self._stop(request["cancel"])
                else:
                    self._requests.put(request)
        with self._lock:
            self._has_ended = True
            running = self._running
        self._stop(running)
        self._requests.put(None)

    def _answer_all(self, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        while not self._has_ended and (request := self._requests.get()) is not None:
            self._send({"id": request["id"], **answer(request)})

    def _stop(self, request: int | None) -> None:
        # DuckDB forgets what it was told before the statement begins.
        while True:
            with self._lock:
                if request is None or request != self._running:
                    self._cancelled = request or 0
                    return
                self._cursor.interrupt()
            time.sleep(_INTERVAL)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if "parse" in request:
                return self._parse(request["parse"])
            with self._runs(request["id"]):
                if "keep" in request:
                    return self._keep(request["keep"])
                if "kept" in request:
                    return self._write(request["kept"], request["path"])
                return self._run(request["sql"])
        except Exception as error:
            # The adapter's own errors have it as their cause.
            return {"error": str(error)}

    @contextlib.contextmanager
    def _runs(self, request: int) -> Iterator[None]:
        with self._lock:
            if self._has_ended or self._cancelled == request:
                raise InterruptedError("INTERRUPT Error: Interrupted!")
            self._running = request
        try:
            yield
        finally:
            with self._lock:
                self._running = None

    def _keep(self, sql: str) -> dict[str, Any]:
        self._kept = self._cursor.sql(sql)
        columns = zip(self._kept.columns, map(str, self._kept.types))
        return {"columns": [list(column) for column in columns]}

    def _write(self, query: str, path: str) -> dict[str, Any]:
        self._kept.query("aft_kept", query).write_parquet(path, compression="uncompressed")
        self._kept = None
        return {}

    def _run(self, sql: str) -> dict[str, Any]:
        parsed = self._parse(sql)
        self._cursor.execute(sql)
        names = [column[0] for column in self._cursor.description or ()]
        rows = self._cursor.fetchall()
        texts = [[None if value is None else str(value) for value in row] for row in rows]
        return {**parsed, "names": names, "rows": texts}

    def _parse(self, sql: str) -> dict[str, Any]:
        statements = self._cursor.extract_statements(sql)
        if len(statements) != 1:
            return {"kind": "SEVERAL" if statements else "", "is_query": False}
        kinds = [kind.name for kind in statements[-1].expected_result_type]
        return {"kind": statements[-1].type.name, "is_query": kinds == ["QUERY_RESULT"]}

    def _send(self, answer: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(answer).encode() + b"\n")
