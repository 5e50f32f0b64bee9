# SPDX-License-Identifier: Apache-2.0
"""The process of a script: what it is given, how it is ended, what is known of its end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import refused_call
from tests.support.cgroups import group_of, usable_place
from tests.support.processes import is_running, wait_until
from tests.unit.python_runtime.left_processes import LEAVES_PROCESSES, wait_for_the_end_of
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]
NewWorker = Callable[..., Worker]


# The numbers of system calls on x86-64.
FUTEX = "202"
CLOCK_NANOSLEEP = "230"
CLONE3 = "435"

# Containers refuse it, for they can't look at its arguments.
WITHOUT_CLONE3 = [sys.executable, refused_call.__file__, CLONE3]


def system_call(pid: int) -> str:
    return Path(f"/proc/{pid}/syscall").read_text().split()[0]


def kept_stack(pid: int) -> int:
    """The size of what a script has kept of its calls."""
    (file,) = (
        link
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(link).startswith("/memfd:stack")
    )
    return file.stat().st_size


def test_a_script_holds_no_descriptor_but_its_own(run: Run) -> None:
    ended = run("""
        import os
        for name in sorted(os.listdir("/proc/self/fd")):
            try:
                kind = os.readlink(f"/proc/self/fd/{name}").split(":")[0]
            except OSError:
                continue  # of the listing itself
            if not os.get_inheritable(int(name)) and kind == "socket":
                print(name, kind)
            if kind.startswith("anon_inode"):
                print(name, kind)
    """)

    assert len(ended.output.splitlines()) == 1, ended.output


def test_a_script_reads_nothing_and_prints_to_its_output(run: Run) -> None:
    ended = run("""
        import os, sys
        print(repr(sys.stdin.read()), ascii("é"))
        print("to stderr", file=sys.stderr)
        os.system("echo from a child")
    """)

    assert ended.output == "'' '\\xe9'\nto stderr\nfrom a child\n"


def test_scripts_run_side_by_side(worker: Worker, project: Path) -> None:
    os.mkfifo(project / "one")
    os.mkfifo(project / "two")
    write_files(
        project,
        {
            "a.py": 'import os; os.open("one", os.O_WRONLY); os.open("two", os.O_RDONLY)',
            "b.py": 'import os; os.open("one", os.O_RDONLY); os.open("two", os.O_WRONLY)',
        },
    )

    running = [worker.start(project / name, "model.shop.scored") for name in ("a.py", "b.py")]
    ended = [worker.wait(each) for each in running]

    assert [each.done and each.done["status"] for each in ended] == ["success", "success"]


def test_scripts_draw_different_random_numbers(run: Run) -> None:
    text = "import random, numpy; print(random.random(), numpy.random.random())"
    first, second = run(text).output.split(), run(text).output.split()

    assert first[0] != second[0]
    assert first[1] != second[1]


def test_an_interrupted_script_says_so(worker: Worker, project: Path) -> None:
    write_files(project, {"s.py": "print('looping')\nwhile True: pass"})
    running = worker.start(project / "s.py", "model.shop.scored")
    running.wait_for_output("looping")

    worker.signal(running, signal.SIGINT)

    assert worker.wait(running).message == "interrupted"


def test_an_interrupt_before_the_scripts_first_line_is_not_lost(
    worker: Worker, project: Path
) -> None:
    write_files(project, {"s.py": "while True: pass"})
    running = worker.start(project / "s.py", "model.shop.scored")

    worker.signal(running, signal.SIGINT)

    assert worker.wait(running).message == "interrupted"


def test_a_terminated_script_leaves_no_process(worker: Worker, project: Path) -> None:
    write_files(project, {"s.py": LEAVES_PROCESSES})
    running = worker.start(project / "s.py", "model.shop.scored")
    running.wait_for_output("daemon ")
    worker.signal(running, signal.SIGTERM)

    ended = worker.wait(running)

    assert ended.message == "terminated"
    wait_for_the_end_of(int(ended.output.split()[1]))


def test_a_script_that_exits_in_secret_is_not_done(run: Run) -> None:
    ended = run("import os; os._exit(0)")

    assert ended.done is None
    assert ended.wait_status == 0


def test_a_crash_shows_the_python_lines_that_led_there(run: Run) -> None:
    ended = run("""
        import ctypes
        def crash():
            ctypes.string_at(0)
        crash()
    """)

    assert os.WTERMSIG(ended.wait_status) == signal.SIGSEGV
    assert ended.place == "models/score.py:3"
    assert ended.stack.startswith(
        '  File "models/score.py", line 4, in <module>\n'
        '  File "models/score.py", line 3, in crash\n'
    )


def test_sigterm_ends_a_script_as_an_exception_would(worker: Worker, project: Path) -> None:
    write_files(
        project,
        {
            "s.py": """
            import time
            def wait():
                print("waiting")
                time.sleep(1000)
            try:
                wait()
            finally:
                print("cleaned up")
            """
        },
    )
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]
    running.wait_for_output("waiting")
    wait_until(lambda: system_call(pid) == CLOCK_NANOSLEEP, "it sleeps")
    worker.signal(running, signal.SIGTERM)

    ended = worker.wait(running, {"pid": pid})

    assert ended.done is not None
    assert (ended.done["status"], ended.done["place"]) == ("error", "s.py:4")
    assert ended.traceback.endswith('  File "s.py", line 4, in wait\n    time.sleep(1000)\n')
    assert ended.output == "waiting\ncleaned up\n"


def test_where_native_code_hangs_is_known(worker: Worker, project: Path) -> None:
    write_files(
        project,
        {
            "s.py": """
            import ctypes
            mutex = ctypes.create_string_buffer(64)
            def hang():
                while True:
                    ctypes.PyDLL(None).pthread_mutex_lock(mutex)
            print("hanging")
            hang()
            """
        },
    )
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]
    running.wait_for_output("hanging")
    wait_until(lambda: system_call(pid) == FUTEX, "it hangs")
    worker.signal(running, signal.SIGTERM)
    # No handler in Python gets to run, but the one of the interpreter does.
    wait_until(lambda: kept_stack(pid) > 0 and system_call(pid) == FUTEX, "its stack is kept")
    worker.signal(running, signal.SIGKILL)

    ended = worker.wait(running, {"pid": pid})

    assert os.WTERMSIG(ended.wait_status) == signal.SIGKILL
    assert ended.place == "s.py:5"


def test_what_may_have_been_appended_is_told(run: Run) -> None:
    frame = "import pandas as pd; frame = pd.DataFrame({'a': [1]})\n"

    assert not run(frame + "write_to_model(frame)").appended
    assert run(frame + "write_to_model(frame, mode='append')").appended
    assert not run(frame + "write_to_model(3, mode='append')").appended
    assert run(
        frame + "write_to_model(frame, mode='append'); write_to_model(3, mode='append')"
    ).appended


def test_a_script_that_is_killed_while_it_appends_may_have_appended(run: Run) -> None:
    ended = run("""
        import os, signal
        import pandas as pd
        def frames():
            yield pd.DataFrame({"a": [1]})
            os.kill(os.getpid(), signal.SIGKILL)
        write_to_model(frames(), mode="append")
    """)

    assert os.WTERMSIG(ended.wait_status) == signal.SIGKILL
    assert ended.appended


def test_a_fork_of_the_script_does_not_report_for_it(run: Run) -> None:
    ended = run("""
        import os
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            os._exit(0)
    """)

    assert ended.done is None


@pytest.mark.parametrize("wrapper", [[], WITHOUT_CLONE3], ids=["", "without clone3"])
def test_a_script_is_in_a_control_group_of_its_own(
    new_worker: NewWorker, project: Path, wrapper: list[str]
) -> None:
    usable_place()
    worker = new_worker(wrapper=wrapper)
    hosts = Path(worker.prepare(project)["prepared"]["group"])
    worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")
    write_files(project, {"s.py": "import time; print('up'); time.sleep(1000)"})
    running = worker.start(project / "s.py", "model.shop.scored")
    started = running.started()
    running.wait_for_output("up")
    group = group_of(started["pid"])
    worker.signal(running, signal.SIGTERM)

    worker.wait(running, started)

    assert group is not None
    assert group.parent == hosts
    assert not group.exists()
    worker.close()
    assert not hosts.exists()


def test_a_fork_bomb_is_gone_at_its_end(run: Run) -> None:
    ended = run("""
        import os, time
        script = os.getpid()
        there, told = os.pipe()
        for _ in range(6):
            if os.fork() == 0:
                os.setsid()
        os.write(1, f"{os.getpid()}\\n".encode())
        os.write(told, b".")
        while os.getpid() != script:
            time.sleep(1000)
        for _ in range(64):
            os.read(there, 1)
    """)

    assert ended.done is not None
    pids = [int(line) for line in ended.output.split()]
    assert len(pids) == 64
    assert [pid for pid in pids if is_running(pid)] == []
