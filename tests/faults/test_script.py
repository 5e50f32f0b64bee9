# SPDX-License-Identifier: Apache-2.0
"""Scripts that hang, crash, take too much or fail now and then."""

from __future__ import annotations

import re
from typing import Any

from tests.support.example import LTV, SCRIPT
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project, Run

WRITE = (JAFFLE_SHOP / SCRIPT).read_text()


def run_script(project: Project, text: str, **options: Any) -> Run:
    """Run ``text`` as the script of the ephemeral model."""
    project.write(SCRIPT, text)
    project.bind(LTV, {"after": [{"path": SCRIPT, **options}]}, writes="optional")
    return project.aft("dbt", "run")


def check_failure(project: Project, run: Run, before: list[tuple[Any, ...]]) -> dict[str, Any]:
    """What holds after every failed script: it is said, and the old table is intact."""
    assert run.exit_code == 1, run.output
    assert f"ERROR in script {SCRIPT}" in run.output
    assert re.search(r"SKIP relation main\.fct_customers", run.output)
    assert table(project) == before
    assert not [name for name in project.relations() if "aft" in name]
    (entry,) = project.results()
    assert entry["status"] == "error"
    return entry


def table(project: Project) -> list[tuple[Any, ...]]:
    return project.query(f"select * from {LTV} order by 1")


def test_a_script_that_hangs_is_ended_at_its_timeout(shop: Project) -> None:
    before = table(shop)

    run = run_script(shop, "import time\ntime.sleep(1000)\n", timeout="200ms")

    entry = check_failure(shop, run, before)
    assert entry["message"] == f"timed out after 200ms ({SCRIPT}:2)"
    assert entry["message"] in run.output
    again = run_script(shop, WRITE)
    assert again.exit_code == 0, again.output


def test_a_script_that_takes_no_notice_of_its_timeout_is_killed(shop: Project) -> None:
    before = table(shop)
    deaf = """
import ctypes, signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "1000"])
mutex = ctypes.create_string_buffer(64)
while True:
    ctypes.PyDLL(None).pthread_mutex_lock(mutex)
"""

    run = run_script(shop, deaf, timeout="200ms")

    entry = check_failure(shop, run, before)
    assert entry["message"].startswith("timed out after 200ms")


def test_the_timeout_of_the_project_holds_for_all_scripts(shop: Project) -> None:
    config = shop.folder / "dbt_project.yml"
    config.write_text(config.read_text() + "\nvars:\n  aft:\n    timeout: 300ms\n")

    run = run_script(shop, "while True: pass\n")

    assert "timed out after 300ms" in run.output
    own = run_script(shop, "import time\ntime.sleep(0.4)\n" + WRITE, timeout="1h")
    assert own.exit_code == 0, own.output


def test_vars_on_the_command_line_come_first(shop: Project) -> None:
    config = shop.folder / "dbt_project.yml"
    config.write_text(config.read_text() + "\nvars:\n  aft:\n    timeout: 1h\n")
    shop.write(SCRIPT, "while True: pass\n")

    run = shop.aft("dbt", "run", "--vars", "{aft: {timeout: 100ms}}")

    assert "timed out after 100ms" in run.output


def test_a_limit_that_is_none_stops_the_run_before_dbt_builds(shop: Project) -> None:
    run = run_script(shop, WRITE, timeout="soon", memory="much", retries="often")

    assert run.exit_code == 2, run.output
    assert "START" not in run.output
    for problem in ("'timeout' is 'soon'", "'memory' is 'much'", "'retries' is 'often'"):
        assert problem in run.output


def test_a_crash_says_where(shop: Project) -> None:
    before = table(shop)

    run = run_script(shop, "import ctypes\nctypes.string_at(0)\n")

    entry = check_failure(shop, run, before)
    assert entry["message"].startswith(f"killed by SIGSEGV ({SCRIPT}:2); memory: peak ")
    assert f'File "{SCRIPT}", line 2, in <module>' in run.output


def test_an_abort_says_where(shop: Project) -> None:
    before = table(shop)

    run = run_script(shop, "import os\nos.abort()\n")

    entry = check_failure(shop, run, before)
    assert entry["message"].startswith(f"killed by SIGABRT ({SCRIPT}:2)")


def test_what_an_executor_writes_after_the_last_line_is_there(shop: Project) -> None:
    shop.query(f"drop table {LTV}")
    leaves = f"""
import threading
from concurrent.futures import ThreadPoolExecutor
threading.Thread(target=threading.Event().wait, daemon=True).start()
def write():
    threading.Event().wait(0.5)
    exec({WRITE!r}, globals())
ThreadPoolExecutor().submit(write)
"""

    run = run_script(shop, leaves)

    assert run.exit_code == 0, run.output
    assert f"[WROTE {len(table(shop))} in " in run.output
    (entry,) = shop.results()
    assert (entry["status"], entry["rows"]["written"]) == ("success", len(table(shop)))


def test_the_timeout_holds_for_the_threads_that_a_script_leaves(shop: Project) -> None:
    before = table(shop)
    leaves = """
import threading
def hang():
    threading.Event().wait()
threading.Thread(target=hang, name="stuck").start()
"""

    run = run_script(shop, leaves, timeout="1s")

    entry = check_failure(shop, run, before)
    waiting = f"waiting for thread 'stuck' ({SCRIPT}:4)"
    assert entry["message"] == f"timed out after 1s ({waiting})"
    assert f'File "{SCRIPT}", line 4, in hang' in run.output


def test_too_much_memory_is_refused_to_that_script(shop: Project) -> None:
    before = table(shop)

    run = run_script(
        shop, "data = []\nwhile True: data.append(bytearray(10_000_000))\n", memory="1G"
    )

    entry = check_failure(shop, run, before)
    assert re.fullmatch(
        # A control group ends a script without asking where it is.
        rf"out of memory \(limit 1G, peak \S+\)( \({SCRIPT}:2\))?",
        entry["message"],
    )


def test_a_script_that_fails_now_and_then_is_tried_again(shop: Project) -> None:
    flaky = """
import os
if not os.path.exists("been_here"):
    open("been_here", "w").close()
    raise ConnectionError("try later")
"""

    run = run_script(shop, flaky + WRITE, retries=1)

    assert run.exit_code == 0, run.output
    assert "[RETRY 1 of 1 in 1s]" in run.output
    assert "ConnectionError: try later" in run.output
    (entry,) = shop.results()
    assert (entry["status"], entry["tries"]) == ("success", 2)


def test_a_committed_append_is_never_repeated(shop: Project) -> None:
    script = """
import pandas as pd
write_to_model(pd.DataFrame({"a": [1]}), mode="append")
raise ConnectionError("after the rows were there")
"""
    shop.query(f"drop table {LTV}")

    run = run_script(shop, script, retries=3)

    assert run.exit_code == 1, run.output
    assert "RETRY" not in run.output
    assert "not tried again because it may have appended rows" in run.output
    assert table(shop) == [(1,)]
