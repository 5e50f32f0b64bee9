# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.python_runtime.shop import rows, write_files
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def shared(
    launcher: Path, built_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Worker, Path]]:
    """One worker host for all tests here, and the folder of its project."""
    folder = tmp_path_factory.mktemp("scripts") / "the shop"
    shutil.copytree(built_project, folder)
    worker = Worker(launcher, Path(sys.executable))
    assert "prepared" in worker.prepare(folder)
    assert "warm" in worker.receive()
    worker.use_manifest(folder / "target" / "manifest.json")
    yield worker, folder
    worker.close()


@pytest.fixture
def worker(shared: tuple[Worker, Path]) -> Worker:
    return shared[0]


@pytest.fixture
def project(shared: tuple[Worker, Path], built_project: Path) -> Path:
    """The shared project, with the tables as dbt made them."""
    shutil.copy(built_project / "shop.db", shared[1])
    return shared[1]


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
        from aft.typing import CurrentModel
        print(isinstance(context.current_model, CurrentModel))
    """)

    assert ended.output == "True\n"


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


def test_the_context_says_what_the_script_is_bound_to(run: Run, project: Path) -> None:
    ended = run("""
        model = context.current_model
        print(model.name, model.alias, model.unique_id, model.status, model.meta)
        print(model.columns["id"].tags, model.columns["id"].meta)
        for test in model.tests:
            print(test.name, test.model_name, test.column, test.status)
        print(context.target.name, context.target.schema, context.config.target_path)
    """)

    assert ended.output.splitlines() == [
        "scored scored model.shop.scored success {'owner': 'ann'}",
        "['key'] {'pii': False}",
        "unique scored id None",
        f"dev main {project / 'target'}",
    ]


def test_the_context_describes_a_source_as_well(run: Run) -> None:
    ended = run(
        """
        table = context.current_model
        print(table.source_name, table.name, table.alias, table.status, table.meta)
        print(len(source(table.source_name, table.name)))
        """,
        node="source.shop.raw.payments",
        node_status="warn",
    )

    assert ended.output.splitlines() == ["raw payments payments warn {'owner': 'bob'}", "1"]


def test_arguments_are_there_for_a_script_that_is_bound_with_some(run: Run) -> None:
    text = "print(context.arguments)"

    assert run(text, arguments={"threshold": 0.5}).output == "{'threshold': 0.5}\n"
    assert run(text).message.startswith(
        "aft.Error: scripts may not read context.arguments unless they are bound with some"
    )


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("ref('orders')", "[[1,2.5],[2,null]]"),
        ("ref('shop', 'orders')", "[[1,2.5],[2,null]]"),
        ("ref('customers')", "[[1]]"),
        ("ref('customers', v=2)", "[[2]]"),
        ("source('raw', 'payments')", '[[7,"card"]]'),
    ],
)
def test_what_dbt_knows_can_be_read(run: Run, call: str, shown: str) -> None:
    ended = run(f"print({call}.to_json(orient='values'))")

    assert ended.output == shown + "\n", ended


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ref('closed')", "model 'closed' is disabled; enable it in its config"),
        ("ref('stripe', 'orders')", "there is no model 'stripe.orders' in the project"),
        (
            "ref('customers', v=3)",
            "there is no model 'customers' (version 3) in the project",
        ),
        ("ref()", "ref() takes a model's name, or a package's and a model's"),
        (
            "source('raw', 'payment')",
            "there is no source 'raw.payment' in the project; did you mean 'raw.pay",
        ),
    ],
)
def test_what_dbt_does_not_know_is_refused(run: Run, call: str, message: str) -> None:
    assert run(call).message.startswith(f"aft.Error: {message}")


def test_an_empty_run_reads_no_rows_and_writes_as_always(
    new_worker: Callable[..., Worker], project: Path
) -> None:
    worker = new_worker()
    worker.prepare(project, empty=True)
    worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")
    script = project / "models" / "score.py"
    script.write_text("""
import pandas as pd
orders, payments = ref("orders"), source("raw", "payments")
write_to_model(pd.DataFrame({"a": [1, 2]}))
print(len(orders), *orders.columns, len(payments), *payments.columns, len(ref("scored")))
""")

    ended = worker.run(script, "model.shop.scored")

    assert ended.output == "0 id amount 0 id method 0\n"
    assert rows(project, "select a from scored") == [(1,), (2,)]


@pytest.mark.parametrize(("start", "end", "shown"), [("7", "8", "1 2"), ("6", "7", "0 2")])
def test_a_sample_has_the_rows_of_its_window_where_dbt_knows_their_time(
    new_worker: Callable[..., Worker], project: Path, start: str, end: str, shown: str
) -> None:
    worker = new_worker()
    worker.prepare(project, sample={"start": start, "end": end})
    worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")
    script = project / "models" / "score.py"
    script.write_text("print(len(source('raw', 'payments')), len(ref('orders')))")

    ended = worker.run(script, "model.shop.scored")

    assert ended.output == shown + "\n"


def test_an_error_of_the_warehouse_can_be_told_apart(run: Run) -> None:
    ended = run("""
        import aft
        try:
            ref("scored")
        except aft.WarehouseError as error:
            print(error.sqlstate, isinstance(error, aft.Error), "no such table" in str(error))
    """)

    assert ended.output == "HY000 True True\n", ended


def test_a_written_model_is_read_by_ref_and_by_others(run: Run, project: Path) -> None:
    ended = run("""
        import pandas as pd
        write_to_model(pd.DataFrame({"id": [1, 2], "score": ["a", None]}, index=[8, 9]))
        print(ref("scored").values.tolist())
    """)

    assert ended.done is not None, ended.output
    assert ended.done["status"] == "success", ended
    assert rows(project, "select * from scored order by id") == [(1, "a"), (2, None)]


def test_append_adds_rows_with_columns_in_any_order(run: Run, project: Path) -> None:
    run("import pandas as pd; write_to_model(pd.DataFrame({'a': [1], 'b': ['x']}))")

    run("""
        import pandas as pd
        write_to_model(pd.DataFrame({"b": ["y"], "a": [2]}), mode="append")
    """)

    assert rows(project, "select a, b from scored order by a") == [(1, "x"), (2, "y")]


def test_dtype_is_the_warehouses_type(run: Run, project: Path) -> None:
    run("""
        import pandas as pd
        write_to_model(pd.DataFrame({"a": [1]}), dtype={"a": "NUMERIC(12, 2)"})
    """)

    assert rows(project, "select type from pragma_table_info('scored')") == [
        ("NUMERIC(12, 2)",)
    ]


def test_a_generator_that_fails_leaves_the_table_as_it_was(run: Run, project: Path) -> None:
    run("import pandas as pd; write_to_model(pd.DataFrame({'a': [1]}))")

    ended = run("""
        import pandas as pd
        def frames():
            for number in range(10):
                if number == 7:
                    raise LookupError("no eighth") from KeyError("cause")
                yield pd.DataFrame({"a": [number]})
        write_to_model(frames())
    """)

    assert ended.message == "LookupError: no eighth (models/score.py:5)"
    assert ended.traceback.startswith("KeyError: 'cause'\n")
    assert "Error: HY" not in ended.traceback
    assert "During handling" not in ended.traceback
    assert rows(project, "select * from scored") == [(1,)]


def test_a_generator_of_frames_is_written_as_one(run: Run, project: Path) -> None:
    run("""
        import pandas as pd, pyarrow as pa
        write_to_model(f for f in [pd.DataFrame({"a": [1]}), pa.table({"a": [2, 3]})])
    """)

    assert rows(project, "select a from scored order by a") == [(1,), (2,), (3,)]


def test_the_context_knows_no_node_that_is_none(run: Run) -> None:
    ended = run("print(context.current_model)", node="macro.shop.none")

    assert ended.output == "None\n"


@pytest.mark.parametrize("node", ["source.shop.raw.payments", "macro.shop.none"])
def test_only_a_script_of_a_model_may_write_to_it(run: Run, node: str) -> None:
    ended = run("write_to_model(ref('orders'))", node=node)

    assert "write_to_model() needs a script that is bound to a model" in ended.message
    assert f"is bound to '{node}'" in ended.message


def test_an_unknown_mode_is_refused(run: Run) -> None:
    ended = run("write_to_model(ref('orders'), mode='upsert')")

    assert ended.message.startswith(
        "aft.Error: write_to_model() has no mode 'upsert'; the modes are 'overwrite' and "
        "'append'"
    )


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
