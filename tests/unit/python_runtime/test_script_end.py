# SPDX-License-Identifier: Apache-2.0
"""What happens after a script's last line: threads and children end as in plain Python."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import is_running
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]


def test_threads_and_executors_are_joined_before_the_exit_functions(run: Run) -> None:
    ended = run("""
        import atexit, threading, time
        from concurrent.futures import ThreadPoolExecutor
        import pandas as pd

        def work(name):
            time.sleep(0.2)
            if name == "write":
                write_to_model(pd.DataFrame({"a": [1, 2]}))
            print(name)

        atexit.register(print, "atexit")
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        threading.Thread(target=work, args=["thread"]).start()
        ThreadPoolExecutor().submit(work, "write")
        print("last line")
    """)

    assert ended.done is not None, ended.output
    assert ended.done["status"] == "success"
    assert ended.done["rows_written"] == 2
    first, *joined, last = ended.output.splitlines()
    assert (first, sorted(joined), last) == ("last line", ["thread", "write"], "atexit")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_are_joined_unless_daemons(run: Run, method: str) -> None:
    ended = run(f"""
        import multiprocessing, time

        def work():
            time.sleep(0.2)
            print("child")

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            context.Process(target=work).start()
            context.Process(target=time.sleep, args=[1000], daemon=True).start()
            print("last line", flush=True)
    """)

    assert ended.done is not None, ended.output
    assert ended.done["status"] == "success"
    assert ended.output == "last line\nchild\n"


def test_a_failed_script_is_joined_too(run: Run) -> None:
    ended = run("""
        import threading, time
        def work():
            time.sleep(0.2)
            print("done")
        threading.Thread(target=work).start()
        raise ValueError("early")
    """)

    assert ended.output == "done\n"
    assert ended.message == "ValueError: early (models/score.py:6)"


def test_an_exception_in_a_thread_is_printed_and_no_failure(run: Run) -> None:
    ended = run("""
        import threading
        def work():
            raise ValueError("in a thread")
        threading.Thread(target=work).start()
    """)

    assert ended.done is not None
    assert ended.done["status"] == "success"
    assert "ValueError: in a thread" in ended.output


@pytest.mark.parametrize(
    ("number", "message"), [(signal.SIGTERM, "terminated"), (signal.SIGINT, "interrupted")]
)
def test_a_signal_stops_the_wait_and_what_was_awaited_is_told(
    worker: Worker, project: Path, number: int, message: str
) -> None:
    write_files(
        project,
        {
            "s.py": """
            import atexit, threading
            def hang():
                while True:
                    threading.Event().wait()
            threading.Thread(target=hang, name="stuck").start()
            atexit.register(print, "atexit")
            from aft import script_end
            script_end.PATIENCE = 0.1
            """
        },
    )
    running = worker.start(project / "s.py", "model.shop.scored")
    waiting = "waiting for thread 'stuck' (s.py:4)"
    running.wait_for_output(f"warning: the script's last line has run; it is {waiting}\n")
    worker.signal(running, number)

    ended = worker.wait(running)

    assert ended.done is not None
    assert (ended.message, ended.done["place"]) == (message, waiting)
    assert 'File "s.py", line 4, in hang' in ended.traceback
    assert "Exception ignored" not in ended.output
    assert ended.output.endswith("atexit\n")


def test_a_signal_stops_the_wait_for_a_child(worker: Worker, project: Path) -> None:
    write_files(
        project,
        {
            "s.py": """
            import multiprocessing, signal, time
            def ignore():
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                time.sleep(1000)
            multiprocessing.get_context("fork").Process(target=ignore, name="deaf").start()
            from aft import script_end
            script_end.PATIENCE = 0.1
            """
        },
    )
    running = worker.start(project / "s.py", "model.shop.scored")
    running.wait_for_output("waiting for process 'deaf' (pid ")
    worker.signal(running, signal.SIGTERM)

    ended = worker.wait(running)

    assert ended.done is not None
    assert ended.done["place"].startswith("waiting for process 'deaf' (pid ")
    pid = int(ended.done["place"].split()[-1].rstrip(")"))
    assert not is_running(pid)


def test_a_stopped_script_does_not_wait_for_its_threads(worker: Worker, project: Path) -> None:
    write_files(
        project,
        {
            "s.py": """
            import threading, time
            threading.Thread(target=threading.Event().wait).start()
            print("up")
            time.sleep(1000)
            """
        },
    )
    running = worker.start(project / "s.py", "model.shop.scored")
    running.wait_for_output("up")
    worker.signal(running, signal.SIGINT)

    assert worker.wait(running).message == "interrupted"


def test_a_fork_that_runs_past_the_last_line_ends_as_plain_python_does(run: Run) -> None:
    ended = run("""
        import os, sys, threading, time
        def late():
            time.sleep(0.1)
            os.write(1, b"joined\\n")
        if (child := os.fork()) == 0:
            threading.Thread(target=late).start()
            raise ValueError("in the child")
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        if (child := os.fork()) == 0:
            sys.exit(3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)

    assert ended.done is not None
    assert ended.done["status"] == "success"
    assert "ValueError: in the child" in ended.output
    assert ended.output.endswith("joined\n1\n3\n")


def test_a_child_takes_signals_as_plain_python_does(run: Run) -> None:
    ended = run("""
        import multiprocessing, os, signal, time
        context = multiprocessing.get_context("fork")
        for _ in range(3):
            with context.Pool(4) as pool:
                assert pool.map(abs, range(8)) == list(range(8))
        for _ in range(100):
            child = context.Process(target=time.sleep, args=[1000])
            child.start()
            child.terminate()
            child.join(30)
            assert child.exitcode == -signal.SIGTERM
        def end_by(number):
            os.kill(os.getpid(), number)
        for number in (signal.SIGTERM, signal.SIGSEGV):
            child = context.Process(target=end_by, args=[number])
            child.start()
            child.join()
            print(child.exitcode)
        os._exit(0)
    """)

    assert ended.output == "-15\n-11\n"
    # Of the child's crash nothing is told as if it were the script's.
    assert (ended.place, ended.stack) == ("", "")
    assert os.WEXITSTATUS(ended.wait_status) == 0


def test_executors_and_joblib_keep_nobody_waiting(run: Run) -> None:
    ended = run("""
        import multiprocessing, time
        from concurrent.futures import ProcessPoolExecutor
        from joblib import Parallel, delayed

        def double(number):
            return 2 * number

        if __name__ == "__main__":
            print(Parallel(n_jobs=2)(delayed(double)(number) for number in range(3)))
            executor = ProcessPoolExecutor(2, multiprocessing.get_context("fork"))
            print(list(executor.map(double, range(3))))
    """)

    assert ended.done is not None
    assert ended.done["status"] == "success"
    assert ended.output == "[0, 2, 4]\n[0, 2, 4]\n"
    # Idle workers of joblib end by themselves after 300 seconds.
    assert ended.done["seconds"]["compute"] < 30
