# SPDX-License-Identifier: Apache-2.0
"""A worker host: how it gets ready, and how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.nobody import AS_NOBODY
from tests.support.processes import is_running, wait_until
from tests.unit.python_runtime.left_processes import LEAVES_PROCESSES, wait_for_the_end_of
from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import PATIENCE, Worker

NewWorker = Callable[..., Worker]


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
        f"Python at '{python}' lacks jinja2 and yaml and pandas and pyarrow; install with: "
        f"uv pip install --python {python} Jinja2 PyYAML pandas pyarrow"
    )


def test_a_broken_numpy_is_reported_in_its_own_words(
    new_worker: NewWorker, project: Path, tmp_path: Path
) -> None:
    write_files(tmp_path, {"numpy/__init__.py": "raise ImportError('no such ABI')"})
    worker = new_worker(environment={"PYTHONPATH": str(tmp_path)})

    assert "prepared" in worker.prepare(project)
    assert worker.receive()["failed"]["message"] == (
        f"cannot import 'numpy' with Python at '{sys.executable}': no such ABI; install "
        f"with: {sys.executable} -m pip install --force-reinstall numpy"
    )


def test_a_missing_driver_is_reported_with_its_package(
    new_worker: NewWorker, project: Path, tmp_path: Path
) -> None:
    worker = new_worker(environment={"ODBCSYSINI": str(tmp_path)})

    assert worker.prepare(project)["failed"]["message"] == (
        "cannot find the ODBC driver 'SQLite3' among those installed (none); on Debian and "
        "Ubuntu: apt-get install libsqliteodbc"
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


def test_numpy_has_as_many_threads_as_in_plain_python(
    ready_worker: NewWorker, project: Path
) -> None:
    write_files(
        project,
        {
            "s.py": """
            import os, numpy, threadpoolctl
            def name(thread):
                return open(f"/proc/self/task/{thread}/comm").read()
            numpy.ones((1000, 1000)) @ numpy.ones((1000, 1000))
            (pool,) = threadpoolctl.threadpool_info()
            print(os.environ.get("OPENBLAS_NUM_THREADS"))
            names = [name(thread) for thread in os.listdir("/proc/self/task")]
            print(pool["num_threads"], names.count(name(os.getpid())))
            """
        },
    )
    for environment in ({}, {"OPENBLAS_NUM_THREADS": "1"}, {"OPENBLAS_NUM_THREADS": "2"}):
        worker = ready_worker(environment=environment)
        plain = subprocess.run(
            [sys.executable, project / "s.py"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )

        ended = worker.run(project / "s.py", "model.shop.scored")

        assert ended.output == plain.stdout


def test_scripts_end_when_the_plugin_closes_the_channel(worker: Worker, project: Path) -> None:
    write_files(project, {"s.py": LEAVES_PROCESSES})
    running = worker.start(project / "s.py", "model.shop.scored")
    pid = running.started()["pid"]
    running.wait_for_output("daemon ")

    worker.close()

    daemon = int(b"".join(running.chunks).split()[1])
    assert [each for each in (pid, daemon) if is_running(each)] == []


STARTS_ANOTHER_USERS_PROCESS = """
import subprocess, time
from pathlib import Path
started = subprocess.Popen(
    [context.arguments["setpriv"], "--reuid=0", "--clear-groups", "sleep", "1000"],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
while "\\nUid:\\t0\\t0\\t0\\t" not in Path(f"/proc/{started.pid}/status").read_text():
    assert started.poll() is None
    time.sleep(0.001)
print(started.pid)
"""


def test_what_runs_as_another_user_holds_nothing_up(
    ready_worker: NewWorker, project: Path, short_folder: Path
) -> None:
    """As an ordinary user, who must not kill it."""
    if os.geteuid() != 0:
        pytest.skip("needs root to run as another user, and to make a program for root")
    setpriv = short_folder / "setpriv"
    shutil.copy("/usr/bin/setpriv", setpriv)
    setpriv.chmod(0o4755)
    project = shutil.copytree(project, short_folder / "project")
    for folder in (short_folder, project):
        folder.chmod(0o755)
    write_files(project, {"s.py": STARTS_ANOTHER_USERS_PROCESS})
    worker = ready_worker(project=project, wrapper=AS_NOBODY)

    ended = worker.run(
        project / "s.py", "model.shop.scored", arguments={"setpriv": str(setpriv)}
    )
    said = worker.close()

    assert ended.done is not None
    assert (ended.done["status"], said) == ("success", "")
    os.kill(int(ended.output), signal.SIGKILL)


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
    wait_until(lambda: " T " in Path(f"/proc/{host}/stat").read_text(), "it is stopped")

    worker.process.terminate()

    wait_for_the_end_of(host)
    assert worker.process.wait(PATIENCE) == 128 + signal.SIGKILL
