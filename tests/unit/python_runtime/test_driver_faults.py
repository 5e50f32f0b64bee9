# SPDX-License-Identifier: Apache-2.0
"""An ODBC driver that takes its process along ends one script and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs import FAULT_DRIVER
from tests.unit.python_runtime.shop import rows, write_files
from tests.unit.python_runtime.worker import Ended, Worker

CRASH, EXIT = 2, 3
NODE = "model.shop.scored"
# Loads the very library that the driver manager will load as a driver.
USE_DRIVER = f"""
import ctypes, pathlib
import pandas as pd
driver = ctypes.CDLL({str(FAULT_DRIVER)!r})
(real,) = pathlib.Path("/usr/lib").glob("*/odbc/libsqlite3odbc.so")
driver.aft_fault_use(str(real).encode())
"""
WRITE = "write_to_model(pd.DataFrame({'id': [NUMBER] * 100}))\n"
WAIT = "import os, time\nwhile not os.path.exists('go on'): time.sleep(0.01)\n"


@pytest.mark.parametrize("moment", [CRASH, EXIT], ids=["crash", "exit"])
def test_only_the_script_that_uses_the_driver_ends(
    new_worker: Callable[..., Worker], project: Path, moment: int
) -> None:
    connection = f"Driver={FAULT_DRIVER};Database={project / 'shop.db'}"
    worker = new_worker(environment={"AFT_ODBC_CONNECTION": connection})
    assert "prepared" in worker.prepare(project)
    assert "warm" in worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")
    arm = f"driver.aft_fault_arm(b'SQLExecute', 1, {moment}, b'HY000', 0)\n"
    scripts = {"old": "", "doomed": arm, "other": WAIT}
    for number, (name, preparation) in enumerate(scripts.items()):
        text = USE_DRIVER + preparation + WRITE.replace("NUMBER", str(number))
        write_files(project, {f"{name}.py": text})

    def run(name: str) -> Ended:
        return worker.run(project / f"{name}.py", NODE)

    assert run("old").message == ""
    other = worker.start(project / "other.py", NODE)
    doomed = run("doomed")

    assert doomed.done is None
    status = os.waitstatus_to_exitcode(doomed.wait_status)
    assert status == (-signal.SIGSEGV if moment == CRASH else 0)
    assert rows(project, "select distinct id from scored") == [(0,)]
    (project / "go on").touch()
    ended = worker.wait(other)
    assert ended.done
    assert ended.done["status"] == "success", ended.message
    assert rows(project, "select distinct id from scored") == [(2,)]
    assert rows(project, "select name from sqlite_master where name like 'aft%'") == []
