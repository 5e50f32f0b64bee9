# SPDX-License-Identifier: Apache-2.0
"""What resource trackers may still do when their script is over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aft import resource_trackers

from tests.support.processes import wait_until

BUSY = """
import time
while time.process_time() < 0.5:
    pass
"""
IDLE = """
import time
time.sleep(1000)
"""


@contextmanager
def tracker(folder: Path, work: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called as Python calls a tracker, and does this work."""
    package = folder / "made_up"
    package.mkdir()
    lines = [f"    {line}" for line in work.splitlines()]
    begin, end = "    open('begun', 'w')", "    open('done', 'w')"
    text = "\n".join(["def main(fd):", begin, *lines, end, ""])
    (package / "resource_tracker.py").write_text(text)
    command = "from made_up.resource_tracker import main;main(3)"
    with subprocess.Popen([sys.executable, "-c", command], cwd=folder) as process:
        wait_until((folder / "begun").exists, "the tracker begins")
        yield process
        process.kill()


def test_a_tracker_that_still_works_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource_trackers, "PATIENCE", 0.01)
    monkeypatch.setattr(resource_trackers, "LONGEST_PATIENCE", 60.0)

    with tracker(tmp_path, BUSY) as process:
        resource_trackers.let_finish(lambda: [process.pid])

    assert (tmp_path / "done").exists()


def test_a_tracker_that_waits_for_something_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource_trackers, "PATIENCE", 0.01)
    monkeypatch.setattr(resource_trackers, "LONGEST_PATIENCE", 60.0)

    with tracker(tmp_path, IDLE) as process:
        resource_trackers.let_finish(lambda: [process.pid])

        assert process.poll() is None
