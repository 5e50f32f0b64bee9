# SPDX-License-Identifier: Apache-2.0
"""The gate: lets dbt wait, inside its own process, for scripts that run elsewhere.

dbt imports every top-level module named ``dbt_*`` and makes one object of each class in
its list ``plugins`` (dbt.plugins.manager). Events reach a callback in the dbt thread that
fires them, so that whoever does not return holds exactly that thread's node.

Each of those threads has a connection of its own to the Unix socket that ``AFT_GATE``
names, and speaks JSON objects, one a line. It says hello first, then sends each event of
EVENTS as dbt's JSON log has it. ``dbt retry`` starts with its own flags and goes on with
those of the run that it repeats; the gate then says hello again. The event that begins a
run, ConcurrencyLine, also has the unique ids of the nodes that dbt has selected, under
"selected", if they can be told, and a node's result what the database has answered, under
"adapter_response". To each of its messages come lines to print, then a verdict::

    <- {"line": "START script ...", "level": "info"}
    <- {"verdict": "go"}  or  {"verdict": "fail", "message": "..."}

A verdict may name the nodes that matter; events about others are not sent from then on,
and cost nothing::

    <- {"verdict": "go", "nodes": ["model.shop.orders"]}

It may also name nodes whose start matters, where a verdict may have dbt skip the node::

    <- {"verdict": "go", "starts": ["model.shop.report"]}
    <- {"verdict": "skip", "message": "..."}

It may say that the run has scripts, which ends when nobody reads what dbt prints; dbt then
prints no more than any program whose pipe is closed::

    <- {"verdict": "go", "scripts": true}

Without ``AFT_GATE``, or in a dbt before 1.8, this module does nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sys
import threading
from typing import Any

import aft_dbt_frames
import aft_dbt_lend

PROTOCOL = 1
EVENTS = frozenset(
    {
        "ArtifactWritten",
        "ConcurrencyLine",
        "NodeStart",
        "NodeCompiling",
        "NodeExecuting",
        "LogModelResult",
        "LogSeedResult",
        "LogSnapshotResult",
        "LogFreshnessResult",
        "NodeFinished",
        "StatsLine",
        "FreshnessCheckComplete",
    }
)
# dbt before 1.11 hangs for ever when NodeFinished raises, and any dbt when NodeStart does.
# Nothing is decided any more by NodeFinished, nor at the run's last line.
NEVER_RAISING = frozenset({"NodeStart", "NodeFinished", "StatsLine", "FreshnessCheckComplete"})
# What a node was built with: at these, it can be failed without raising.
RESULTS = frozenset({"LogModelResult", "LogSeedResult", "LogSnapshotResult"})
# These say how a node was left.
ENDS = RESULTS | {"LogFreshnessResult"}
# Whether scripts are bound to what these are about, nobody but the other side knows.
NEEDING_AN_ANSWER = EVENTS - NEVER_RAISING - {"ArtifactWritten"}
GONE = (
    "cannot ask which scripts belong to this part of the run: the run's coordinator is "
    "gone; start the run again with 'aft dbt'"
)

plugins: list[type] = []


class GateGone(Exception):
    """The other side has closed the socket or does not speak the protocol."""


class Refused(Exception):
    """The verdict was to fail; the message says why."""


class Skipped(Exception):
    """The verdict was that dbt skips the node; the message says why."""


class Gate:
    """The connections of one dbt process, one for each of its threads."""

    def __init__(self, address: str, project_name: str) -> None:
        self._address = address
        self._project_name = project_name
        self._local = threading.local()
        self._nodes: frozenset[str] | None = None
        self._starts: frozenset[str] = frozenset()

    def greet(self, **more: Any) -> None:
        """Say who dbt is, on the calling thread's connection."""
        from dbt.version import __version__
        from dbt_common.invocation import get_invocation_id

        if getattr(self._local, "stream", None) is None:
            self._connect()
        hello = {
            "protocol": PROTOCOL,
            "dbt_version": __version__,
            "invocation_id": get_invocation_id(),
            "python": sys.executable,
            "pid": os.getpid(),
            "thread": threading.current_thread().name,
            "project_name": self._project_name,
        }
        hello.update(more)
        self._exchange(json.dumps({"hello": hello}))

    def matters(self, name: str, data: Any) -> bool:
        """Whether the event of dbt of this ``name`` and ``data`` is to be reported."""
        node_info = getattr(data, "node_info", None)
        if name == "NodeStart":
            return node_info is not None and node_info.unique_id in self._starts
        return node_info is None or self._nodes is None or node_info.unique_id in self._nodes

    def report(self, event: str) -> None:
        """Send an event and do as the answer says."""
        if getattr(self._local, "stream", None) is None:
            self.greet()
        self._exchange(event)

    def _connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self._address)
        except OSError as error:
            connection.close()
            raise GateGone from error
        self._local.stream = connection.makefile("rwb")
        connection.close()  # The file keeps the descriptor.

    def _exchange(self, message: str) -> None:
        try:
            self._send(message)
            while True:
                answer = self._receive()
                if "line" in answer:
                    _print(answer["line"], answer.get("level", "info"))
                elif answer.get("verdict") == "go":
                    if answer.get("scripts"):
                        _print_to_readers_only()
                    if "nodes" in answer:
                        self._nodes = frozenset(answer["nodes"])
                    if "starts" in answer:
                        self._starts = frozenset(answer["starts"])
                    return
                elif answer.get("verdict") == "skip":
                    raise Skipped(answer.get("message", "skipped without a reason"))
                elif answer.get("verdict") == "fail":
                    raise Refused(answer.get("message", "refused without a reason"))
                else:
                    raise GateGone
        except (Refused, Skipped):
            raise
        except BaseException:
            # What is left of the answer must not be taken for that to the next message.
            self._local.stream = None
            raise

    def _send(self, message: str) -> None:
        try:
            self._local.stream.write(message.encode("utf-8") + b"\n")
            self._local.stream.flush()
        except OSError as error:
            raise GateGone from error

    def _receive(self) -> dict[str, Any]:
        try:
            answer = json.loads(self._local.stream.readline())
        except (OSError, ValueError) as error:
            raise GateGone from error
        if not isinstance(answer, dict):
            raise GateGone
        return answer


def _print(text: str, level: str) -> None:
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.functions import fire_event
    from dbt_common.events.types import Note

    fire_event(Note(msg=text), level=EventLevel(level))


_handle_error = logging.Handler.handleError


def _print_to_readers_only() -> None:
    logging.Handler.handleError = _handle_broken_pipe  # type: ignore[assignment, method-assign]


def _handle_broken_pipe(handler: logging.Handler, record: logging.LogRecord) -> None:
    stream = getattr(handler, "stream", None)
    if stream is None or not isinstance(sys.exc_info()[1], BrokenPipeError):
        _handle_error(handler, record)
        return
    # What is still in the stream's buffer is not written at Python's end, either.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _flags() -> dict[str, Any]:
    """dbt's flags as far as JSON can say them, by their lower-case names."""
    from dbt.flags import get_flags

    flags = {
        name.lower(): _plain(value)
        for name, value in vars(get_flags()).items()
        if name.isupper()
    }
    # At the first hello, dbt has not yet changed to this folder.
    flags["project_dir"] = os.path.abspath(flags.get("project_dir") or os.curdir)
    sample = getattr(get_flags(), "SAMPLE", None)
    if sample is not None:
        flags["sample"] = {"start": str(sample.start), "end": str(sample.end)}
    return flags


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(entry) for entry in value]
    return str(value)


def _make_plugin(address: str) -> type:
    from dbt.flags import get_flags
    from dbt.plugins.manager import dbtPlugin
    from dbt_common.events.event_manager_client import add_callback_to_manager
    from dbt_common.events.functions import msg_to_json
    from dbt_common.exceptions import DbtRuntimeError

    class AftPlugin(dbtPlugin):  # type: ignore[misc, unused-ignore]
        """Reports dbt's events to the run's coordinator."""

        def initialize(self) -> None:
            self.gate = Gate(address, self.project_name)
            self.results = aft_dbt_frames.Results(is_retry=get_flags().WHICH == "retry")
            try:
                # dbt turns what is raised here into its own error.
                self.greet()
            except GateGone:
                raise Refused(GONE) from None
            add_callback_to_manager(self.on_event)

        def greet(self) -> None:
            self.flags = get_flags()
            self.gate.greet(flags=_flags())

        def on_event(self, message: Any) -> None:
            name = message.info.name
            # Where dbt's own names have changed, its results say less; raising would end it.
            with contextlib.suppress(Exception):
                if name == "NodeStart":
                    self.results.skip_plainly()
                elif name == "NodeFinished":
                    self.results.complete()
                elif name == "Formatting":
                    self.results.count()
            is_reported = name in EVENTS and self.gate.matters(name, message.data)
            has_new_flags = get_flags() is not self.flags
            if not is_reported and not has_new_flags:
                return
            try:
                if has_new_flags:
                    self.greet()
                if is_reported:
                    event = msg_to_json(message)
                    if name == "ConcurrencyLine":
                        aft_dbt_lend.start(address)
                        event = json.dumps({**json.loads(event), **aft_dbt_frames.selection()})
                    elif name in ENDS:
                        answer = _plain(aft_dbt_frames.answer())
                        event = json.dumps({**json.loads(event), **answer})
                    self.gate.report(event)
            except GateGone:
                if name in NEEDING_AN_ANSWER:
                    raise DbtRuntimeError(GONE) from None
            except Skipped as skip:
                with contextlib.suppress(Exception):  # The node is refused when it compiles.
                    self.results.skip(str(skip))
            except Refused as refusal:
                if name in RESULTS and aft_dbt_frames.fail_result(str(refusal)):
                    return
                if name == "NodeCompiling":
                    self.results.fail(message.data.node_info, str(refusal))
                if name not in NEVER_RAISING:
                    raise DbtRuntimeError(str(refusal)) from None
            except Exception:  # of dbt's own while it prints
                if name not in NEVER_RAISING:
                    raise

    return AftPlugin


# What dbt starts must not take itself for a part of this run.
_address = os.environ.pop("AFT_GATE", "")
if _address:
    # dbt before 1.8 imports this module as well, and has nothing to hear of events by. The
    # other side notices that it was not met.
    with contextlib.suppress(ImportError):
        plugins.append(_make_plugin(_address))
