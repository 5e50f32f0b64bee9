# SPDX-License-Identifier: Apache-2.0
"""The other side of the gate, for tests: what aft's plugin is to dbt."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answer = Callable[[str, dict[str, Any]], list[dict[str, Any]]]
GO: dict[str, Any] = {"verdict": "go"}


def fail(message: str) -> dict[str, Any]:
    return {"verdict": "fail", "message": message}


def always_go(name: str, event: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG001
    return [GO]


def refuse(name: str, node: str, message: str) -> Answer:
    """Fail the event ``name`` of ``node`` and let all others go."""

    def answer(seen: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        return [fail(message)] if (seen, node_of(event)) == (name, node) else [GO]

    return answer


def node_of(event: dict[str, Any]) -> str:
    return str((event.get("data", {}).get("node_info") or {}).get("node_name", ""))


@dataclass
class Run:
    """How dbt ended, and what it said to the coordinator: (event, node) in order."""

    exit_code: int
    output: str
    hellos: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    target: Path = Path()

    def status(self, node: str) -> str | None:
        return self._entry(node).get("status")

    def message(self, node: str) -> str | None:
        return self._entry(node).get("message")

    def _entry(self, node: str) -> dict[str, Any]:
        results = json.loads((self.target / "run_results.json").read_text())["results"]
        found = [r for r in results if r["unique_id"].endswith(f".{node}")]
        return found[0] if found else {}


class Coordinator:
    """Answers each message of the gate with what ``answer`` gives for it.

    A message that ``answer`` gives nothing for closes its connection.
    """

    def __init__(self, path: Path, answer: Answer) -> None:
        self.hellos: list[dict[str, Any]] = []
        self.events: list[tuple[str, str]] = []
        self._answer = answer
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                answers = self._answers(json.loads(line))
                if not answers:
                    return
                for answer in answers:
                    stream.write(json.dumps(answer).encode() + b"\n")
                    stream.flush()

    def _answers(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        with self._lock:
            if "hello" in message:
                self.hellos.append(message["hello"])
            else:
                self.events.append((message["info"]["name"], node_of(message)))
        if "hello" in message:
            return self._answer("hello", message)
        return self._answer(message["info"]["name"], message)


def run_dbt(
    dbt: Path,
    project: Path,
    gate_folder: Path,
    answer: Answer,
    arguments: list[str],
    **options: Any,
) -> Run:
    """Run dbt with the gate in it and a coordinator that gives ``answer``."""
    socket_path = project / "gate.socket"
    coordinator = Coordinator(socket_path, answer)
    gate = {"PYTHONPATH": str(gate_folder), "AFT_GATE": str(socket_path)}
    try:
        done = subprocess.run(
            [str(dbt), *arguments],
            cwd=options.pop("cwd", project),
            env={**os.environ, **gate, **options.pop("environment", {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        coordinator.close()
        socket_path.unlink()
    hellos, events = coordinator.hellos, coordinator.events
    return Run(done.returncode, done.stdout, hellos, events, project / "target")
