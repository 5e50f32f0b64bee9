# SPDX-License-Identifier: Apache-2.0
"""Scripts are held to their memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from tests.support.cgroups import require_memory
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]
NewWorker = Callable[..., Worker]


TAKES_ALL = """
data = []
while True:
    data.append(bytearray(10_000_000))
"""


def test_a_script_keeps_to_its_memory_by_itself(
    ready_worker: NewWorker, project: Path, without_groups: list[str]
) -> None:
    write_files(project, {"models/score.py": TAKES_ALL})
    worker = ready_worker(wrapper=without_groups)

    ended = worker.run(
        project / "models" / "score.py", "model.shop.scored", memory=1_000_000_000
    )

    assert ended.done is not None
    assert ended.done["out_of_memory"]
    assert ended.done["place"] == "models/score.py:3"
    assert 300_000_000 < ended.peak_memory < 1_300_000_000


def test_a_script_may_take_what_its_memory_allows(run: Run) -> None:
    ended = run(
        """
        import numpy, pandas as pd
        frame = pd.DataFrame({"a": numpy.ones(20_000_000)})
        write_to_model(frame.head(10))
        """,
        memory=1_000_000_000,
    )

    assert ended.done is not None
    assert ended.done["status"] == "success"


def test_too_little_memory_is_told_with_how_much_it_takes(
    ready_worker: NewWorker, project: Path, without_groups: list[str]
) -> None:
    write_files(project, {"s.py": "pass"})
    worker = ready_worker(wrapper=without_groups)

    ended = worker.run(project / "s.py", "model.shop.scored", memory=1_000_000)

    assert "the script's 'memory' of 1000000 bytes is less than" in ended.message


def test_the_peak_of_memory_is_told(run: Run) -> None:
    small, large = run("pass"), run("b'x' * 200_000_000")

    assert large.peak_memory - small.peak_memory > 150_000_000


def test_a_script_is_held_to_its_memory_by_its_group(run: Run) -> None:
    require_memory()

    ended = run(TAKES_ALL, memory=200_000_000)

    assert ended.out_of_memory
    assert os.WTERMSIG(ended.wait_status) == signal.SIGKILL


def test_memory_is_held_for_all_processes_of_a_script(run: Run) -> None:
    require_memory()

    ended = run(
        """
        import os, time
        for _ in range(2):
            if os.fork() == 0:
                break
        taken = b"x" * 200_000_000
        time.sleep(1000)
        """,
        memory=500_000_000,
    )

    assert ended.out_of_memory
    assert os.WTERMSIG(ended.wait_status) == signal.SIGKILL
    assert 450_000_000 < ended.peak_memory <= 500_000_000
