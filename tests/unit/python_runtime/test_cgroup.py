# SPDX-License-Identifier: Apache-2.0
"""Control groups of the kernel that runs the tests, where it allows them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from aft.cgroup import HostGroup, ScriptGroup, enter
from aft.cgroup_place import Place

from tests.support.cgroups import group_of, require_memory, usable_place
from tests.support.processes import PATIENCE, is_running, wait_until
from tests.support.programs import python_environment

MIB = 1 << 20


@pytest.fixture
def place() -> Place:
    return usable_place()


@pytest.fixture
def host(place: Place) -> Iterator[HostGroup]:
    made = HostGroup(place)
    yield made
    made.kill()
    with suppress(OSError):
        made.close()


def start(group: ScriptGroup, *argv: str) -> subprocess.Popen[bytes]:
    def begin() -> None:
        enter(str(group.folder))
        os.setsid()

    return subprocess.Popen(argv, preexec_fn=begin)


def test_what_a_script_leaves_is_killed_and_its_group_removed(host: HostGroup) -> None:
    group = host.add(1, None)
    shell = start(group, "sh", "-c", "sleep 1000 & setsid sleep 1000 & setsid sleep 1000")
    wait_until(
        lambda: (group.folder / "cgroup.procs").read_text().count("\n") == 4, "all are there"
    )
    (group.folder / "inner").mkdir()

    use = group.end()

    assert not use.is_exceeded
    assert shell.wait(PATIENCE) == -signal.SIGKILL
    assert not group.folder.exists()


# The C library notes the owner of a mutex behind its first two numbers. The number of the
# system call is the one of x86-64.
TELL_OF_A_FORK = """
GET_ROBUST_LIST = 274
import contextlib, ctypes, os, sys, threading
from aft import cgroup
library = ctypes.CDLL(None)
on_child = ctypes.CFUNCTYPE(None)(lambda: os.write(1, b"handler of a library\\n"))
library.__register_atfork(None, None, on_child, None)
os.register_at_fork(after_in_child=lambda: os.write(1, b"handler in Python\\n"))
parent = os.getpid()
pid = cgroup.fork(sys.argv[1])
if pid == 0:
    own = os.getpid()
    print(open(sys.argv[2] + "/cgroup.procs").read().split() == [str(own)])
    print(os.getppid() == parent, threading.get_native_id() == own)
    mutex = (ctypes.c_int * 16)()
    library.pthread_mutex_lock(mutex)
    robust, size = ctypes.c_void_p(), ctypes.c_size_t()
    library.syscall(GET_ROBUST_LIST, 0, ctypes.byref(robust), ctypes.byref(size))
    print(mutex[2] == own, robust.value is not None)
else:
    print(os.waitpid(pid, 0)[1], pid in (parent, 0))
    with contextlib.suppress(ChildProcessError):
        print("another child:", os.waitpid(-1, 0))
"""


def told_of_a_fork(into: Path, looked_for: Path) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", TELL_OF_A_FORK, into, looked_for],
        stdout=subprocess.PIPE,
        env=python_environment(),
        check=True,
        text=True,
    )
    return told.stdout.splitlines()


def test_a_fork_begins_in_the_group(host: HostGroup) -> None:
    group = host.add(1, None)

    told = told_of_a_fork(group.folder, group.folder)

    assert told[:2] == ["handler of a library", "handler in Python"]
    assert told[2:] == ["True", "True True", "True True", "0 False"]
    group.end()


def test_a_fork_is_made_where_there_is_no_such_group(host: HostGroup) -> None:
    group = host.add(1, None)

    told = told_of_a_fork(group.folder.parent / "missing", group.folder)

    assert told[2:] == ["False", "True True", "True True", "0 False"]
    group.end()


def test_a_group_of_a_living_host_is_left_alone(host: HostGroup, place: Place) -> None:
    group = host.add(1, None)
    sleeper = start(group, "sleep", "1000")

    HostGroup(place).close()

    assert group_of(sleeper.pid) == group.folder
    group.end()
    sleeper.wait(PATIENCE)


def test_what_a_dead_host_has_left_is_killed_and_removed(place: Place) -> None:
    dead = HostGroup(place)
    sleeper = start(dead.add(1, None), "sleep", "1000")
    dead.leave()  # The lock goes, as it does with a process.

    HostGroup(place).close()

    assert sleeper.wait(PATIENCE) == -signal.SIGKILL
    assert not dead.folder.exists()


def test_an_empty_group_of_a_dead_host_is_removed(place: Place) -> None:
    dead = HostGroup(place)
    dead.leave()

    HostGroup(place).close()

    assert not dead.folder.exists()


def test_a_host_is_not_in_the_group_of_its_scripts(host: HostGroup) -> None:
    assert group_of(os.getpid()) != host.folder
    assert (host.folder / "cgroup.procs").read_text() == ""


def in_group(folder: Path, *calls: str) -> list[str]:
    """What calls of `aft.cgroup_place` print in a process that ``folder`` belongs to alone."""
    code = "import os; from aft.cgroup_place import *; from pathlib import Path\n"
    code += "".join(f"print({call}, flush=True)\n" for call in calls)
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=python_environment(),
        preexec_fn=lambda: enter(str(folder)),
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n") for _ in calls]
    lines.append(str(group_of(process.pid)))
    process.communicate("\n")
    return lines


def test_a_run_leaves_a_group_that_is_its_own(host: HostGroup) -> None:
    own = host.add(1, None).folder

    said, group = in_group(own, f"leave(Path({str(own)!r}), os.getpid())")

    assert said == "True"
    assert Path(group).parent == own
    assert Path(group).name.startswith("aft-run-")


def test_a_run_moves_nobody_elses_processes(host: HostGroup) -> None:
    own = host.add(1, None)
    other = start(own, "sleep", "1000")

    said, group = in_group(own.folder, f"leave(Path({str(own.folder)!r}), os.getpid())")

    assert said == "False"
    assert group == str(own.folder) == str(group_of(other.pid))
    own.end()
    other.wait(PATIENCE)


def test_a_unit_of_ones_own_is_made_to_hold_memory(host: HostGroup) -> None:
    require_memory()
    unit = host.folder / "run-1.scope"
    unit.mkdir()
    os.setxattr(unit, "user.delegate", b"1")

    said, group = in_group(unit, "find_place(os.getpid())")

    assert said == str(Place(unit, ""))
    assert Path(group).parent == unit
    # A second host of the run finds itself in that.
    second = in_group(Path(group), "find_place(os.getpid())")
    assert second == [str(Place(unit, "")), group]


def test_a_script_that_starts_aft_stays_within_its_own_limits(host: HostGroup) -> None:
    require_memory()
    own = host.add(1, None).folder

    said, group = in_group(own, "find_place(os.getpid()).folder")

    assert said == group == str(own)


def test_memory_is_held_for_all_processes_together(host: HostGroup) -> None:
    require_memory()
    group = host.add(1, 100 * MIB)
    take = f"import time; taken = b'x' * {60 * MIB}; time.sleep(1000)"

    both = [start(group, sys.executable, "-S", "-c", take) for _ in range(2)]

    assert [process.wait(PATIENCE) for process in both] == [-signal.SIGKILL, -signal.SIGKILL]
    use = group.end()
    assert use.is_exceeded
    assert use.peak is None or 90 * MIB < use.peak <= 100 * MIB


def test_memory_within_the_limit_is_told(host: HostGroup) -> None:
    require_memory()
    group = host.add(1, 100 * MIB)

    assert start(group, sys.executable, "-S", "-c", f"b'x' * {60 * MIB}").wait() == 0

    use = group.end()
    assert not use.is_exceeded
    assert use.peak is None or 60 * MIB < use.peak < 90 * MIB


def test_a_killed_process_does_not_keep_a_group(host: HostGroup) -> None:
    group = host.add(1, None)
    sleeper = start(group, "sleep", "1000")

    host.kill()
    host.close()

    assert not Path(host.folder).exists()
    wait_until(lambda: not is_running(sleeper.pid), "the process is killed")
    sleeper.wait(PATIENCE)
