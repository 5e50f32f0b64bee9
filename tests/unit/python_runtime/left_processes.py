# SPDX-License-Identifier: Apache-2.0
"""A script that leaves processes behind, and the end of a process."""

from __future__ import annotations

import os
import select

from tests.unit.python_runtime.worker import PATIENCE

LEAVES_PROCESSES = """
import os, subprocess, sys
subprocess.Popen(["sleep", "1000"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(3, 20)
        print("daemon", os.getpid())
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
os.wait()
while True: pass
"""


def wait_for_the_end_of(pid: int) -> None:
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([ended], [], [], PATIENCE)[0], f"process {pid} lives on"
    os.close(ended)
