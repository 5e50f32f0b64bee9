# SPDX-License-Identifier: Apache-2.0
"""Kills processes of a run at random moments and checks what must hold after each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.programs import AFT, DBT
from tests.support.server_project import ServerProject

# Few, so that the swap of the tables is a part of the time that chance can meet.
ROWS = 500
TABLE = "customers_predicted_ltvs"
# What is left of a run ends within this time, the server's sessions included.
PATIENCE = 10.0

# The parts of a run: its script tells when each but the first begins.
PHASES = ("dbt starts", "script reads", "script computes", "script writes", "dbt ends")
SCRIPT = f"""
import os, time
import pandas as pd
def begin(phase):
    open(os.path.join(os.environ["TMPDIR"], phase), "w").close()
begin("script reads")
for _ in range(10): ref("orders")
begin("script computes")
deadline = time.monotonic() + 0.1
while time.monotonic() < deadline: sum(range(1000))
rows = range({ROWS})
frame = pd.DataFrame(
    {{"customer_id": rows, "expected_orders": 1.0, "predicted_ltv": 1.0, "version": VERSION}}
)
begin("script writes")
write_to_model(frame)
begin("dbt ends")
"""


@dataclass
class Tally:
    """What was killed how often, and what did not hold after that."""

    killed: Counter[tuple[str, str]] = field(default_factory=Counter)  # what, when
    finished: int = 0
    violations: list[str] = field(default_factory=list)


def kill_at_random(project: ServerProject, kills: int, seed: int) -> Tally:
    """Start runs of ``project`` and kill something in each, ``kills`` times."""
    chance = random.Random(seed)
    tally = Tally()
    lengths = _run_to_the_end(project, 0, tally)
    version = 0
    while sum(tally.killed.values()) < kills:
        version += 1
        with _started(project, version) as run:
            phase = chance.choice(PHASES)
            victim = _kill_one(run, phase, chance, lengths[phase])
            run.process.wait()
            if victim is None:
                tally.finished += 1
            else:
                tally.killed[victim, phase] += 1
            moment = f"run {version}, '{victim}' killed while {phase}"
            tally.violations += [f"{moment}: {what}" for what in _broken(project, run, victim)]
        # What is killed after its work was done is not missed.
        if run.process.returncode == 0 and _version(project) != str(version):
            tally.violations.append(f"{moment}: the run passed for a success")
    _run_to_the_end(project, version + 1, tally)
    return tally


@dataclass
class _Run:
    process: subprocess.Popen[bytes]
    folders: Path
    began: float = field(default_factory=time.time)

    def beginning(self, phase: str) -> float | None:
        """When a phase began, in seconds since the epoch; None before that."""
        if phase == PHASES[0]:
            return self.began
        try:
            return (self.folders / phase).stat().st_mtime
        except FileNotFoundError:
            return None

    def processes(self) -> dict[int, str]:
        """The run's processes by id, each with what it is."""
        wanted = f"TMPDIR={self.folders}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = self._kind(folder)
            except OSError:  # It has ended, or is somebody else's.
                continue
        return found

    def _kind(self, folder: Path) -> str:
        command = (folder / "cmdline").read_bytes()
        if int(folder.name) == self.process.pid:
            return "aft"
        above = list(_ancestors(folder))
        if self.process.pid not in above:
            return "an orphan"
        depth = above.index(self.process.pid)
        if b"aft-python" in command:
            return ("guardian", "worker host", "script")[min(depth, 2)]
        return "a process of dbt's" if depth else "dbt"


def _ancestors(folder: Path) -> Iterator[int]:
    """The parent of the process of a folder in /proc, its parent, and so on."""
    while parent := int((folder / "stat").read_text().rpartition(") ")[2].split()[1]):
        yield parent
        folder = Path(f"/proc/{parent}")


@contextmanager
def _started(project: ServerProject, version: int) -> Iterator[_Run]:
    project.write(f"scripts/{TABLE}.py", SCRIPT.replace("VERSION", str(version)))
    with tempfile.TemporaryDirectory(prefix="aft-kills-") as folders:
        process = subprocess.Popen(
            [str(AFT), "dbt", "run", "--aft-dbt", str(DBT)],
            cwd=project.folder,
            env=project.environment | {"TMPDIR": folders},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        yield _Run(process, Path(folders))


def _kill_one(run: _Run, phase: str, chance: random.Random, length: float) -> str | None:
    """Kill one of the run's processes at a random moment of ``phase``; what it was."""
    delay = chance.uniform(0, length)
    while (began := run.beginning(phase)) is None or time.time() < began + delay:
        if run.process.poll() is not None:
            return None
        time.sleep(0.001)
    processes = run.processes()
    # Each kind is as likely as another one, however many there are of it; the script, where
    # there is one, as likely as all others together.
    kinds = sorted(set(processes.values()) - {"script"})
    if not kinds:
        return None
    kind = chance.choice(kinds)
    if "script" in processes.values() and chance.random() < 0.5:
        kind = "script"
    pid = chance.choice([pid for pid, its in processes.items() if its == kind])
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return kind


def _broken(project: ServerProject, run: _Run, victim: str | None) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while (left := _left(project, run)) and time.monotonic() < deadline:
        time.sleep(0.05)
    shape = project.rows(f"select count(*), count(distinct version) from shop.{TABLE}")
    if shape != [f"{ROWS}|1"]:
        left.append(f"the table has rows|versions {shape}")
    # A run that ends before it has begun with the nodes leaves the results of the last one,
    # in which aft itself may have been killed.
    results = project.folder / "target" / "aft" / "results.json"
    is_own = results.exists() and results.stat().st_mtime >= run.began
    try:
        project.check_results(is_over=is_own and victim != "aft")
    except (AssertionError, ValueError) as error:
        left.append(f"the results: {error}")
    return left


def _left(project: ServerProject, run: _Run) -> list[str]:
    staging = [name for name in project.tables() if name.startswith("aft")]
    return [*run.processes().values(), *project.sessions(), *staging]


def _version(project: ServerProject) -> str:
    return " ".join(project.rows(f"select distinct version from shop.{TABLE}"))


def _run_to_the_end(project: ServerProject, version: int, tally: Tally) -> dict[str, float]:
    """A run that nothing disturbs, and how long each of its phases takes."""
    with _started(project, version) as run:
        if run.process.wait() != 0:
            tally.violations.append(f"run {version}: an undisturbed run failed")
        beginnings = [run.beginning(phase) or run.began for phase in PHASES]
    ends = [*beginnings[1:], time.time()]
    if _version(project) != str(version):
        tally.violations.append(f"run {version}: the table is not that of this run")
    return {
        phase: end - began for phase, began, end in zip(PHASES, beginnings, ends, strict=True)
    }
