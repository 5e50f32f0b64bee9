# SPDX-License-Identifier: Apache-2.0
"""Runs one pass as a process and watches it.

Measures seconds, memory beyond what it began with, and the server's processor time.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import children_of

_INTERVAL = 0.005  # seconds between two looks at the memory


@dataclass(frozen=True)
class Figures:
    """Of one pass. There are hashes of columns where it keeps what it reads."""

    seconds: float
    peak_bytes: int
    way: str
    hashes: dict[str, int]
    server_seconds: float  # Of processor time; 0 where there is no server.
    changed: Sequence[str] = ()


def run(
    command: Sequence[str | Path], environment: Mapping[str, str], server: int | None
) -> Figures:
    """Run a program that follows the protocol of one_pass.py; ``server`` is a process's id."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            sys.exit(f"'{command}' ended before it began")
        before = _processor_seconds(server)
        with _Watch(process.pid) as watch:
            process.stdin.write("\n")
            process.stdin.flush()
            line = process.stdout.readline()
        server_seconds = _processor_seconds(server) - before
        rest = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"'{command}' ended with {process.returncode}")
    timed = json.loads(line)
    found = json.loads(rest)["hashes"] if rest else {}
    way = timed.get("way", "")
    return Figures(timed["seconds"], watch.growth, way, found, server_seconds)


def _processor_seconds(server: int | None) -> float:
    """What a process, its children, and those that it has waited for have taken."""
    if server is None:
        return 0.0
    ticks = 0
    for pid in (*children_of(server), server):
        with contextlib.suppress(OSError):  # A child that has ended meanwhile.
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            # utime, stime, cutime and cstime, behind the program's name in parentheses.
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


class _Watch:
    """The private memory of a process while it works."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._first = self._last = self._bytes()

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        """How many bytes there were at most beyond those at the start."""
        return max(0, self._last - self._first)

    def _look(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._last = max(self._last, self._bytes())

    def _bytes(self) -> int:
        for line in self._status.read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
        return 0
