# SPDX-License-Identifier: Apache-2.0
"""A script as a program: how it starts, ends and fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.python_runtime.shop import write_files
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]


def test_a_script_is_the_main_program(run: Run, project: Path) -> None:
    ended = run("import os, sys; print(__name__, __file__, sys.argv, os.getcwd())")

    path = str(project / "models" / "score.py")
    assert ended.output == f"__main__ {path} ['{path}'] {project}\n"


def test_modules_beside_the_script_and_in_the_scripts_folder_are_found(
    run: Run, project: Path
) -> None:
    write_files(project, {"models/beside.py": "x = 1", "common.py": "y = 2"})

    ended = run("import aft, beside, common; print(beside.x, common.y, aft.ref is ref)")

    assert ended.output == "1 2 True\n"


def test_the_names_of_fal_can_be_imported(run: Run) -> None:
    ended = run("""
        from fal.typing import *
        from fal.dbt.typing import *
        from fal.dbt.integration.magics import init_fal
        from faldbt.magics import init_fal
        from fal.typing import CurrentModel
        from fal.dbt.integration.project import DbtModel
        from fal import FalDbt
        print(isinstance(context.current_model, CurrentModel), init_fal("project_dir=."))
        import aft.typing, fal.typing
        assert all(hasattr(fal.typing, name) for name in aft.typing.__all__)
        shop = FalDbt(profiles_dir=".", project_dir=".")
        shop.write_to_model(shop.ref("orders"), target_1="scored")
        shop.write_to_source(shop.ref("orders")[["id"]], "raw", "payments")
        FalDbt(threads=2, selector=None)
        refused = {"args_vars": "{a: 1}", "state": "old", "select": ["a"], "profile_dir": "."}
        for options in ({name: value} for name, value in refused.items()):
            try:
                FalDbt(**options)
            except Exception as error:
                print(error)
        assert all(isinstance(model, DbtModel) for model in shop.models)
        print(len(shop.execute_sql("select * from {{ ref('scored') }}")))
    """)

    first, *_, last = ended.output.splitlines()
    assert (first, last) == ("True None", "2"), ended
    assert (
        "FalDbt() has no args_vars: set the variables in dbt_project.yml, or " in ended.output
    )
    assert "FalDbt() has no state: the project is read as its manifest in " in ended.output
    assert "FalDbt() has no select, exclude or selector: take from list_mo" in ended.output
    assert "unexpected keyword argument 'profile_dir'" in ended.output


def test_an_installed_package_of_that_name_goes_first(run: Run, project: Path) -> None:
    write_files(project, {"models/fal/__init__.py": "app = 1"})

    ended = run(
        "from fal import app; from fal.typing import *; print(app, len(ref('orders')))"
    )

    assert ended.output == "1 2\n", ended


def test_classes_of_a_script_can_be_sent_to_other_processes(run: Run) -> None:
    ended = run("""
        import multiprocessing
        def double(x):
            return 2 * x
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(double, [1, 2]))
    """)

    assert ended.output == "[2, 4]\n", ended


@pytest.mark.parametrize(
    ("start", "count"),
    [
        ('with multiprocessing.get_context("spawn").Pool(2) as pool:', "pool.map(count, [1])"),
        (
            'with multiprocessing.get_context("forkserver").Pool(2) as pool:',
            "pool.map(count, [1])",
        ),
        ("with Parallel(2) as parallel:", "parallel([delayed(count)(1)] * 2)[:1]"),
    ],
)
def test_processes_that_a_script_starts_anew_read_but_do_not_write(
    run: Run, worker: Worker, start: str, count: str
) -> None:
    ended = run(f"""
        import multiprocessing
        from joblib import Parallel, delayed
        from aft import Error, context, ref, write_to_model
        def count(number):
            try:
                write_to_model(ref("orders"))
            except Error as error:
                refusal = str(error)
            return len(ref("orders")), context.current_model.name, refusal[:51]
        if __name__ == "__main__":
            {start}
                print({count})
    """)

    refusal = "a process that the script has started anew (spawn, "
    assert ended.output == f"[(2, 'scored', '{refusal}')]\n", ended
    assert list(Path(worker.run_dir.name).glob("description-*")) == []


def test_a_success_comes_with_its_measures(run: Run) -> None:
    ended = run("write_to_model(ref('orders')); import time; time.sleep(0.1)")

    assert ended.done is not None
    assert ended.done["status"] == "success"
    assert ended.done["message"] == ended.done["traceback"] == ""
    assert (ended.done["rows_read"], ended.done["rows_written"]) == (2, 2)
    assert ended.done["bytes_read"] >= 32
    assert ended.done["bytes_written"] >= 32
    assert ended.done["seconds"]["read"] > 0
    assert ended.done["seconds"]["write"] > 0
    assert 0.1 <= ended.done["seconds"]["compute"] < 5


def test_an_error_shows_the_users_lines_only(run: Run, project: Path) -> None:
    write_files(project, {"models/beside.py": "def check():\n    ref = 1 / 0"})

    ended = run("""
        import beside
        def score():
            beside.check()
        score()
    """)

    assert ended.message == "ZeroDivisionError: division by zero (models/beside.py:2)"
    lines = [line.strip() for line in ended.traceback.splitlines()]
    assert [line for line in lines if set(line) != set("~^") and set(line) != {"^"}] == [
        "Traceback (most recent call last):",
        'File "models/score.py", line 4, in <module>',
        "score()",
        'File "models/score.py", line 3, in score',
        "beside.check()",
        'File "models/beside.py", line 2, in check',
        "ref = 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_notes_of_an_error_stay_in_the_traceback(run: Run) -> None:
    ended = run("""
        error = ValueError("no such customer")
        error.__notes__ = ["while scoring"]  # As add_note() of Python 3.11 does.
        raise error
    """)

    assert ended.message.startswith("ValueError: no such customer (")
    assert "while scoring" in ended.traceback or sys.version_info < (3, 11)


def test_an_error_of_afts_own_is_shown_at_the_users_line(run: Run) -> None:
    ended = run("x = 1\n\nref('ordrs')")

    assert ended.message == (
        "aft.Error: there is no model 'ordrs' in the project; did you mean 'orders'? "
        "(models/score.py:3)"
    )
    assert "python/aft" not in ended.traceback


def test_a_syntax_error_is_shown_with_its_line(run: Run) -> None:
    ended = run("x = 1\nif x\n  pass")

    assert ended.message == "SyntaxError: expected ':' (models/score.py:2)"
    assert 'File "models/score.py", line 2' in ended.traceback


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("", "success", ""),
        ("0", "success", ""),
        ("None", "success", ""),
        ("3", "error", "script exited with 3"),
        ("'no orders'", "error", "script exited with no orders"),
    ],
)
def test_the_exit_code_of_a_script_counts(
    run: Run, code: str, status: str, message: str
) -> None:
    ended = run(f"import sys; sys.exit({code})")

    assert ended.done is not None
    assert (ended.done["status"], ended.message) == (status, message)


@pytest.mark.parametrize("text", ["'x' * 10**7", "'\\x00' * 10**6", "'é' * 10**6"])
def test_a_huge_error_is_cut_in_the_middle(run: Run, text: str) -> None:
    ended = run(f"raise ValueError({text} + 'the end')")

    assert ended.message.startswith("ValueError: ")
    assert ended.message.endswith("the end (models/score.py:1)")
    assert " characters left out ...]" in ended.traceback
    assert len(ended.traceback.encode()) <= 64 * 1024


def test_an_error_may_hold_what_utf_8_can_not_say(run: Run) -> None:
    ended = run("raise ValueError('a\\udcffb')")

    assert ended.message == "ValueError: a\\udcffb (models/score.py:1)"


def test_what_python_does_at_its_end_is_done(run: Run, project: Path) -> None:
    run("""
        import atexit
        atexit.register(print, "leaving")
        report = open("report.txt", "w")
        report.write("written")
        print("no newline", end=" ")
    """)
    ended = run("import atexit; atexit.register(print, 'leaving'); print(1, end=' ')")

    assert (project / "report.txt").read_text() == "written"
    assert ended.output == "1 leaving\n"


def test_a_script_that_closes_everything_is_still_a_success(run: Run) -> None:
    ended = run("import sys; sys.stdout.close(); sys.stderr = None")

    assert ended.done is not None
    assert ended.done["status"] == "success"


def test_a_script_that_replaces_its_streams_is_still_a_success(
    worker: Worker, project: Path
) -> None:
    write_files(project, {"s.py": "import io, sys; sys.stdout = io.StringIO()"})

    ended = worker.run(project / "s.py", "model.shop.scored")

    assert ended.done is not None
    assert ended.done["status"] == "success"
