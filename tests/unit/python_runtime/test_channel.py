# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import random
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from aft import channel

from tests.support.processes import is_running, wait_until
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import PATIENCE, Worker


@pytest.mark.parametrize(
    "text", ["x" * 10**6, "\x00é" * 10**5, "\U0001f600" * 10**5, "\ud800" * 10**5]
)
def test_a_long_text_keeps_both_ends_and_fits(text: str) -> None:
    cut = channel.sendable("begin" + text + "end", limit=1000)

    assert cut.startswith("begin")
    assert cut.endswith("end")
    assert len(json.dumps(cut, ensure_ascii=False).encode()) <= 1000
    assert len(cut) > 100


def test_a_short_text_is_sent_as_it_is() -> None:
    assert channel.sendable("grüße\n\t", limit=100) == "grüße\n\t"


def test_the_longest_texts_fit_into_one_packet() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    text = channel.sendable("\x00" * 10**6)

    channel.send(ours, {"message": text, "traceback": text})

    assert channel.receive(theirs)[0] == {"message": text, "traceback": text}


def packets_at_random() -> list[bytes]:
    noise = random.Random(3)
    message = b'{"prepare": {"project_dir": "/nowhere", "vars": {}, "threads": 1}}'
    cut = [message[: noise.randrange(1, len(message))] for _ in range(3)]
    return [*cut, noise.randbytes(5000), b"[" * 100_000, b"[1]", b'{"prepare": 3}']


def test_a_host_ends_at_what_is_no_message(new_worker: Callable[..., Worker]) -> None:
    for packet in packets_at_random():
        worker = new_worker()
        worker.socket.send(packet)

        assert worker.process.wait(PATIENCE) not in (0, -signal.SIGSEGV), packet


def test_scripts_end_with_a_host_that_was_told_nonsense(worker: Worker, project: Path) -> None:
    write_files(project, {"s.py": "while True: pass"})
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]

    worker.socket.send(b'{"run": {"id": 2}}')

    assert worker.process.wait(PATIENCE) != 0
    wait_until(lambda: not is_running(pid), "the script is gone")
