# SPDX-License-Identifier: Apache-2.0
"""A run of aft in a terminal, which can be interrupted while a script hangs."""

from __future__ import annotations

import os
import pty
import signal
from collections.abc import Callable
from pathlib import Path

from tests.support.processes import children_of, processes_with, wait_until
from tests.support.programs import AFT
from tests.support.project import Project, plain

# Says in the file `pids` that it runs.
SLEEPER = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
with open("pids.draft", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename("pids.draft", "pids")
try:
    time.sleep(1000)
except BaseException as error:
    open("ended", "w").write(type(error).__name__)
    raise
"""

# Goes on after Ctrl-C; the file says that the signal has come.
STUBBORN = """
import os, signal
def note(number, frame):
    os.close(os.open("ignored", os.O_CREAT | os.O_WRONLY))
signal.signal(signal.SIGINT, note)
""" + SLEEPER.replace("    time.sleep(1000)", "    while True: time.sleep(1000)")


class RunInTerminal:
    """`aft dbt run` in a terminal of its own; ends with its block.

    It has come to where its script hangs, or to where a condition holds.
    """

    def __init__(
        self,
        project: Project,
        folders: Path,
        *arguments: str,
        until: Callable[[], bool] | None = None,
        dbt: Path | None = None,
    ) -> None:
        self.project = project
        self.folders = folders
        program = str(dbt or project.program)
        argv = [str(AFT), "dbt", "run", "--aft-dbt", program, *arguments]
        environment = project.environment | {"TMPDIR": str(folders)}
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(project.folder)
            os.execve(argv[0], argv, environment)
        os.set_blocking(self.terminal, False)
        self.output = b""
        self.exit_code: int | None = None
        pids = project.folder / "pids"
        self.wait_for(until or pids.exists, "the script runs, or what was to be")
        self.script_pids = [] if until else [int(pid) for pid in pids.read_text().split()]

    def __enter__(self) -> RunInTerminal:
        return self

    def __exit__(self, *error: object) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    @property
    def dbt(self) -> int:
        """The process of dbt, the one child that is no worker host."""
        (pid,) = (
            child
            for child in children_of(self.pid)
            if "aft-python" not in Path(f"/proc/{child}/cmdline").read_text()
        )
        return pid

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        def check() -> bool:
            self.read()
            return condition()

        wait_until(check, f"{what}:\n{self.output.decode()}")

    def read(self) -> None:
        try:
            while chunk := os.read(self.terminal, 65536):
                self.output += chunk
        except OSError:  # Nothing there now, or the terminal's other side is closed.
            return

    def wait_for_end(self) -> None:
        def has_ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
            return bool(pid)

        self.wait_for(has_ended, "aft ends")
        self.read()

    def text(self) -> str:
        return plain(self.output.decode().replace("\r\n", "\n"))

    def leftovers(self) -> list[str]:
        """Processes of this run that live, and the folder of its socket."""
        return processes_with(self.folders) + [str(path) for path in self.folders.iterdir()]
