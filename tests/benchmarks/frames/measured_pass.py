# SPDX-License-Identifier: Apache-2.0
"""Runs one pass as a process and watches it: seconds, and memory beyond what it began with."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.005  # seconds between two looks at the memory


@dataclass(frozen=True)
class Figures:
    """Of one pass. There are hashes of columns where it keeps what it reads."""

    seconds: float
    peak_bytes: int
    way: str
    hashes: dict[str, int]
    changed: Sequence[str] = ()


def run(command: Sequence[str | Path], environment: Mapping[str, str]) -> Figures:
    """Run a program that follows the protocol of one_pass.py."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            sys.exit(f"'{command}' ended before it began")
        with _Watch(process.pid) as watch:
            process.stdin.write("\n")
            process.stdin.flush()
            line = process.stdout.readline()
        rest = process.stdout.read()
    if process.returncode != 0:
        sys.exit(f"'{command}' ended with {process.returncode}")
    timed = json.loads(line)
    found = json.loads(rest)["hashes"] if rest else {}
    return Figures(timed["seconds"], watch.growth, timed.get("way", ""), found)


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
