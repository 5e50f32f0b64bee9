# SPDX-License-Identifier: Apache-2.0
"""The other side of a worker host, for tests: what aft's plugin is to aft-python."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import children_of

PACKET = 208 * 1024
PATIENCE = 60  # seconds


@dataclass
class Ended:
    """A script that has run: what it said itself, and what the host says of it."""

    started: dict[str, Any]
    done: dict[str, Any] | None
    wait_status: int
    peak_memory: int
    output: str
    place: str = ""
    stack: str = ""
    appended: bool = False
    out_of_memory: bool = False  # as the kernel told the host

    @property
    def message(self) -> str:
        return str(self.done["message"]) if self.done else ""

    @property
    def traceback(self) -> str:
        return str(self.done["traceback"]) if self.done else ""


@dataclass
class Running:
    """A script that has been handed over."""

    id: int
    control: socket.socket
    output: int
    chunks: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control.settimeout(PATIENCE)
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    def _read_output(self) -> None:
        while chunk := os.read(self.output, 65536):
            self.chunks.append(chunk)

    def packet(self) -> dict[str, Any] | None:
        packet = self.control.recv(PACKET)
        return json.loads(packet) if packet else None

    def started(self) -> dict[str, Any]:
        message = self.packet()
        assert message is not None, "ended before it started"
        return dict(message["started"])

    def wait_for_output(self, text: str) -> None:
        """Return when the script has printed ``text``."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in b"".join(self.chunks):
            assert time.monotonic() < deadline, b"".join(self.chunks)
            self._reader.join(0.005)
            assert self._reader.is_alive(), b"".join(self.chunks)

    def all_output(self) -> str:
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "somebody still holds the script's output"
        return b"".join(self.chunks).decode()


class Worker:
    """One worker host and the messages to it."""

    def __init__(
        self,
        launcher: Path,
        python: Path,
        environment: dict[str, str] | None = None,
        cwd: Path | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE)
        self._exited: dict[int, dict[str, Any]] = {}
        self._next_id = 1
        self.run_dir = tempfile.TemporaryDirectory(prefix="aft-test-")
        Path(self.run_dir.name).chmod(0o777)  # The host may be another user's.

        def take_descriptor_3() -> None:
            os.dup2(theirs.fileno(), 3)

        self.process = subprocess.Popen(
            [*wrapper, str(launcher), "--python", str(python)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
            close_fds=False,
            preexec_fn=take_descriptor_3,
            start_new_session=True,
        )
        theirs.close()

    @property
    def host(self) -> int:
        """The process that scripts are forked from; the one started is its guardian."""
        (pid,) = children_of(self.process.pid)
        return pid

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message).encode())

    def receive(self) -> dict[str, Any]:
        packet = self.socket.recv(PACKET)
        assert packet, f"the host has ended: {self.close()}"
        return dict(json.loads(packet))

    def prepare(self, project: Path, **more: Any) -> dict[str, Any]:
        """Send the first message; the host's answer to it."""
        setup: dict[str, Any] = {
            "project_dir": str(project),
            "scripts_dir": str(project),
            "profiles_dir": str(project),
            "target_path": str(project / "target"),
            "run_dir": self.run_dir.name,
            "profile": None,
            "target": None,
            "vars": {},
            "threads": None,
        }
        self.send(prepare={**setup, **more})
        return self.receive()

    def use_manifest(self, path: Path) -> None:
        self.send(manifest={"path": str(path)})

    def start(self, script: Path, node: str, **more: Any) -> Running:
        """Hand a script over to the host."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read_end, write_end = os.pipe()
        request = {
            "id": self._next_id,
            "path": str(script),
            "name": str(script),
            "node": node,
            "node_status": "success",
            "when": "after",
            "arguments": None,
        }
        self._next_id += 1
        message = json.dumps({"run": {**request, **more}}).encode()
        socket.send_fds(self.socket, [message], [theirs.fileno(), write_end])
        theirs.close()
        os.close(write_end)
        return Running(self._next_id - 1, ours, read_end)

    def signal(self, running: Running, number: int) -> None:
        self.send(signal={"id": running.id, "signal": number})

    def wait(self, running: Running, started: dict[str, Any] | None = None) -> Ended:
        """The end of a script."""
        if started is None:
            started = running.started()
        done: dict[str, Any] | None = None
        appends = 0
        while packet := running.packet():
            done = packet.get("done", done)
            if "appended" in packet:
                appends += 1 if packet["appended"] else -1
        while running.id not in self._exited:
            message = self.receive()
            if "exited" in message:
                self._exited[message["exited"]["id"]] = message["exited"]
        exited = self._exited.pop(running.id)
        return Ended(
            started,
            done,
            exited["wait_status"],
            exited["peak_memory"],
            running.all_output(),
            exited["place"],
            exited["stack"],
            appends > 0,
            exited.get("out_of_memory", False),
        )

    def run(self, script: Path, node: str, **more: Any) -> Ended:
        return self.wait(self.start(script, node, **more))

    def close(self) -> str:
        """End the host; what it has printed itself."""
        self.socket.close()
        output, _ = self.process.communicate(timeout=PATIENCE)
        self.run_dir.cleanup()
        return output.decode()
