# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cgroups import group_of, require_memory, usable_place
from tests.support.processes import is_running
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import PATIENCE, Ended, Worker

Run = Callable[..., Ended]
NewWorker = Callable[..., Worker]

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


# The numbers of system calls on x86-64.
FUTEX = "202"
CLOCK_NANOSLEEP = "230"


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


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_it_says_the_target_before_it_warms_up(new_worker: NewWorker, project: Path) -> None:
    worker = new_worker()
    prepared = worker.prepare(project)["prepared"]
    warm = worker.receive()["warm"]

    assert prepared["embedded"]
    assert prepared["target"] == {
        "profile_name": "shop",
        "name": "dev",
        "threads": 4,
        "type": "sqlite",
        "database": "database",
        "schema": "main",
    }
    assert warm["modules"] == ["numpy", "pandas", "pyarrow"]
    # The second one is of pyarrow's allocator, which survives a fork.
    assert warm["unsafe_threads"] == []


def test_an_environment_without_pandas_is_refused_with_what_to_install(
    new_worker: NewWorker, project: Path, tmp_path: Path
) -> None:
    subprocess.run(
        ["/usr/bin/python3", "-m", "venv", "--without-pip", tmp_path / "bare"], check=True
    )
    python = tmp_path / "bare" / "bin" / "python"

    answer = new_worker(python=python).prepare(project)

    assert answer["failed"]["message"] == (
        f"cannot run scripts with Python at '{python}': it lacks jinja2 and yaml and "
        f"pandas and pyarrow; install with: {python} -m pip install Jinja2 PyYAML pandas "
        "pyarrow"
    )


def test_a_broken_numpy_is_reported_in_its_own_words(
    new_worker: NewWorker, project: Path, tmp_path: Path
) -> None:
    write_files(tmp_path, {"numpy/__init__.py": "raise ImportError('no such ABI')"})
    worker = new_worker(environment={"PYTHONPATH": str(tmp_path)})

    assert "prepared" in worker.prepare(project)
    assert worker.receive()["failed"]["message"] == (
        f"cannot import 'numpy' with Python at '{sys.executable}': no such ABI; mend it "
        f"with: {sys.executable} -m pip install --force-reinstall numpy"
    )


def test_a_missing_driver_is_reported_with_its_package(
    new_worker: NewWorker, project: Path, tmp_path: Path
) -> None:
    worker = new_worker(environment={"ODBCSYSINI": str(tmp_path)})

    assert worker.prepare(project)["failed"]["message"] == (
        "cannot find the ODBC driver 'SQLite3'; on Debian and Ubuntu: apt-get install "
        "libsqliteodbc; installed are: none"
    )


def test_scripts_that_touch_no_data_need_no_way_to_them(
    new_worker: NewWorker, project: Path
) -> None:
    profile = "shop: {target: dev, outputs: {dev: {type: exotic, schema: main}}}"
    (project / "profiles.yml").write_text(profile)
    worker = new_worker()
    assert "prepared" in worker.prepare(project)
    assert "warm" in worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")

    script = project / "models" / "score.py"
    script.write_text("print(context.target.type)")
    without = worker.run(script, "model.shop.scored")
    script.write_text("print('here')\nref('orders')")
    with_data = worker.run(script, "model.shop.scored")

    assert (without.message, without.output) == ("", "exotic\n")
    assert with_data.output == "here\n"
    assert with_data.message.startswith("aft.Error: cannot tell how to reach target 'dev' of")
    assert with_data.message.endswith("AFT_ODBC_CONNECTION (models/score.py:2)")


def test_the_users_own_openblas_setting_is_given_back(
    new_worker: NewWorker, project: Path
) -> None:
    write_files(project, {"s.py": "import os; print(os.environ.get('OPENBLAS_NUM_THREADS'))"})
    outputs = []
    for environment in ({}, {"OPENBLAS_NUM_THREADS": "7"}):
        worker = new_worker(environment=environment)
        worker.prepare(project)
        worker.use_manifest(project / "target" / "manifest.json")
        worker.receive()
        outputs.append(worker.run(project / "s.py", "model.shop.scored").output)

    assert outputs == ["None\n", "7\n"]


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
    wait_until(lambda: system_call(pid) == CLOCK_NANOSLEEP)
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
    wait_until(lambda: system_call(pid) == FUTEX)
    worker.signal(running, signal.SIGTERM)
    # No handler in Python gets to run, but the one of the interpreter does.
    wait_until(lambda: kept_stack(pid) > 0 and system_call(pid) == FUTEX)
    worker.signal(running, signal.SIGKILL)

    ended = worker.wait(running, {"pid": pid})

    assert os.WTERMSIG(ended.wait_status) == signal.SIGKILL
    assert ended.place == "s.py:5"


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


def test_the_peak_of_memory_is_told(run: Run) -> None:
    small, large = run("pass"), run("b'x' * 200_000_000")

    assert large.peak_memory - small.peak_memory > 150_000_000


def test_scripts_end_when_the_plugin_closes_the_channel(worker: Worker, project: Path) -> None:
    write_files(project, {"s.py": LEAVES_PROCESSES})
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]
    running.wait_for_output("daemon ")

    worker.close()

    daemon = int(b"".join(running.chunks).split()[1])
    assert [each for each in (pid, daemon) if is_running(each)] == []


@pytest.mark.parametrize("victim", ["host", "guardian"])
def test_nothing_outlives_a_killed_host(
    ready_worker: NewWorker, project: Path, without_groups: list[str], victim: str
) -> None:
    worker = ready_worker(wrapper=without_groups)
    write_files(project, {"s.py": LEAVES_PROCESSES})
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]
    running.wait_for_output("daemon ")

    os.kill(worker.host if victim == "host" else worker.process.pid, signal.SIGKILL)

    for left in (pid, int(b"".join(running.chunks).split()[1])):
        wait_for_the_end_of(left)


def test_a_host_that_takes_no_notice_of_sigterm_is_killed(worker: Worker) -> None:
    host = worker.host
    os.kill(host, signal.SIGSTOP)
    wait_until(lambda: " T " in Path(f"/proc/{host}/stat").read_text())

    worker.process.terminate()

    wait_for_the_end_of(host)
    assert worker.process.wait(PATIENCE) == 128 + signal.SIGKILL


def test_a_script_is_in_a_control_group_of_its_own(
    new_worker: NewWorker, project: Path
) -> None:
    usable_place()
    worker = new_worker()
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
