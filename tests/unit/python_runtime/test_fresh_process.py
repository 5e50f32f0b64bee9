# SPDX-License-Identifier: Apache-2.0
"""Where threads forbid a fork, each script gets a process that is started anew."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.python_runtime import shop
from tests.unit.python_runtime.worker import Worker

THREAD_AT_START = """
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


@pytest.fixture
def worker(
    new_worker: Callable[..., Worker], project: Path, tmp_path: Path
) -> tuple[Worker, dict[str, Any]]:
    """A worker host in which something else has a thread, and what it says of it."""
    (tmp_path / "sitecustomize.py").write_text(THREAD_AT_START)
    made = new_worker(environment={"PYTHONPATH": str(tmp_path)})
    assert "prepared" in made.prepare(project)
    warm = made.receive()["warm"]
    made.use_manifest(project / "target" / "manifest.json")
    return made, warm


def test_it_runs_scripts_like_a_fork(
    worker: tuple[Worker, dict[str, Any]], project: Path
) -> None:
    host, warm = worker
    assert warm["unsafe_threads"] == ["aft-python"]
    shop.write_files(
        project,
        {
            "models/score.py": "import os, sys\n"
            "os.system('ls /proc/self/fd | xargs echo inherited')\n"
            "write_to_model(ref('orders'))\n"
            "print('pandas' in sys.modules, context.current_model.name)\n"
        },
    )

    ended = host.run(project / "models" / "score.py", "model.shop.scored")

    assert ended.done is not None, ended.output
    assert ended.done["status"] == "success", ended.done
    assert ended.done["rows_written"] > 0
    assert "True scored" in ended.output
    inherited = ended.output.splitlines()[0]
    # 3 is that of `ls` itself; the test's own process may have left open others.
    assert {"4", "5", "6"}.isdisjoint(inherited.split())


def test_it_says_where_it_crashed(
    worker: tuple[Worker, dict[str, Any]], project: Path
) -> None:
    host, _ = worker
    script = project / "models" / "score.py"
    shop.write_files(project, {"models/score.py": "import ctypes\nctypes.string_at(0)\n"})

    ended = host.run(script, "model.shop.scored")

    assert ended.wait_status == signal.SIGSEGV
    assert ended.place == "models/score.py:2"


def test_it_takes_signals(worker: tuple[Worker, dict[str, Any]], project: Path) -> None:
    host, _ = worker
    shop.write_files(
        project, {"models/score.py": "print('up', flush=True)\nimport time; time.sleep(99)\n"}
    )
    running = host.start(project / "models" / "score.py", "model.shop.scored")
    started = running.started()
    running.wait_for_output("up")

    host.signal(running, signal.SIGINT)

    assert host.wait(running, started).message == "interrupted"
