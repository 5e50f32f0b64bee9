# SPDX-License-Identifier: Apache-2.0
"""The gate: lets dbt wait, inside its own process, for scripts that run elsewhere.

dbt imports every top-level module named ``dbt_*`` and makes one object of each class in its
list ``plugins`` (dbt.plugins.manager). Events reach a callback in the dbt thread that fires
them, so that whoever does not return holds exactly that thread's node.

Each of those threads has a connection of its own to the Unix socket that ``AFT_GATE`` names,
and speaks JSON objects, one a line. It says hello first, then sends each event of EVENTS as
dbt's JSON log has it. To each of its messages come lines to print, then a verdict::

    <- {"line": "START script ...", "level": "info"}
    <- {"verdict": "go"}  or  {"verdict": "fail", "message": "..."}

Without ``AFT_GATE`` this module does nothing.
"""

import json
import os
import socket
import sys
import threading
from typing import Any

PROTOCOL = 1
EVENTS = frozenset(
    {
        "ArtifactWritten",
        "ConcurrencyLine",
        "NodeCompiling",
        "LogModelResult",
        "LogSeedResult",
        "LogSnapshotResult",
        "NodeFinished",
        "StatsLine",
    }
)
# dbt before 1.11 hangs for ever when NodeFinished raises, and by then nothing is to be
# decided; what the others raise fails the node or the run.
NEVER_RAISING = frozenset({"ArtifactWritten", "NodeFinished", "StatsLine"})

plugins: list[type] = []


class GateGone(Exception):
    """The other side has closed the socket or does not speak the protocol."""


class Gate:
    """The connections of one dbt process, one for each of its threads."""

    def __init__(self, address: str, project_name: str) -> None:
        self._address = address
        self._project_name = project_name
        self._local = threading.local()

    def greet(self, flags: dict[str, Any]) -> None:
        """Connect the calling thread and say who dbt is."""
        self._exchange(self._connect(), self._hello() | {"flags": flags})

    def report(self, event_json: str) -> None:
        """Send an event and do as the answer says."""
        stream = getattr(self._local, "stream", None)
        if stream is None:
            stream = self._connect()
            self._exchange(stream, self._hello())
        self._send(stream, event_json)

    def _connect(self) -> Any:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self._address)
        except OSError as error:
            connection.close()
            raise GateGone from error
        self._local.stream = connection.makefile("rwb")
        connection.close()  # The file keeps the descriptor.
        return self._local.stream

    def _hello(self) -> dict[str, Any]:
        from dbt.version import __version__

        return {
            "protocol": PROTOCOL,
            "dbt_version": __version__,
            "python": sys.executable,
            "pid": os.getpid(),
            "thread": threading.current_thread().name,
            "project_name": self._project_name,
        }

    def _exchange(self, stream: Any, hello: dict[str, Any]) -> None:
        self._send(stream, json.dumps({"hello": hello}))

    def _send(self, stream: Any, message: str) -> None:
        try:
            stream.write(message.encode() + b"\n")
            stream.flush()
            while True:
                answer = json.loads(stream.readline())
                if "line" in answer:
                    _print(answer["line"], answer["level"])
                elif answer["verdict"] == "go":
                    return
                else:
                    _fail(answer["message"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GateGone from error


def _fail(message: str) -> None:
    from dbt_common.exceptions import DbtRuntimeError

    raise DbtRuntimeError(message)


def _print(text: str, level: str) -> None:
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.functions import fire_event
    from dbt_common.events.types import Note

    fire_event(Note(msg=text), level=EventLevel(level))


def _flags() -> dict[str, Any]:
    """Dbt's flags as far as JSON can say them, by their lower-case names."""
    from dbt.flags import get_flags

    flags = vars(get_flags())
    known = {name.lower(): value for name, value in flags.items() if name.isupper()}
    return {name: _plain(value) for name, value in known.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(entry) for entry in value]
    return str(value)


def _make_plugin(address: str) -> type:
    from dbt.plugins.manager import dbtPlugin
    from dbt_common.events.event_manager_client import add_callback_to_manager
    from dbt_common.events.functions import msg_to_json

    class AftPlugin(dbtPlugin):  # type: ignore[misc, unused-ignore]
        """Reports dbt's events to the run's coordinator."""

        def initialize(self) -> None:
            self.gate = Gate(address, self.project_name)
            try:
                self.gate.greet(_flags())
            except GateGone:
                _fail(GONE)
            add_callback_to_manager(self.on_event)

        def on_event(self, message: Any) -> None:
            name = message.info.name
            if name not in EVENTS:
                return
            try:
                self.gate.report(msg_to_json(message))
            except GateGone:
                if name not in NEVER_RAISING:
                    _fail(GONE)
            except Exception:
                if name not in NEVER_RAISING:
                    raise

    return AftPlugin


GONE = (
    "aft, which decides on this run's scripts, can't be reached any more: it has ended or "
    "was stopped; start the run again"
)

if "AFT_GATE" in os.environ:
    plugins.append(_make_plugin(os.environ["AFT_GATE"]))
