# SPDX-License-Identifier: Apache-2.0
"""What a script reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.python_runtime.shop import rows
from tests.unit.python_runtime.worker import Ended, Worker

Run = Callable[..., Ended]


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


def test_a_script_runs_queries_over_its_own_connection(run: Run) -> None:
    ended = run("""
        import aft
        print(*read_sql("select amount from orders where id = ?", parameters=[1])["amount"])
        print(aft.read_sql(sql="select 7 as n", frame="arrow").to_pylist())
        try:
            aft.read_sql()
        except TypeError as error:
            print(error)
    """)

    assert ended.output == "2.5\n[{'n': 7}]\nread_sql() needs a query\n", ended


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("print(1)", {"can_write": False}),
        ("if False: write_to_model(1)", {"can_write": True, "is_table_there": False}),
        ("import pandas as pd; write_to_model(pd.DataFrame({'a': [1]}))", {}),
    ],
)
def test_a_script_tells_what_became_of_its_table(
    run: Run, text: str, told: dict[str, bool]
) -> None:
    ended = run(text)

    assert ended.done is not None
    assert ended.done["status"] == "success", ended
    keys = ("can_write", "is_table_there")
    assert {key: ended.done[key] for key in keys if key in ended.done} == told


def test_a_script_reads_parts_of_a_table_and_writes_it_in_batches(
    run: Run, project: Path
) -> None:
    ended = run("""
        print(ref("orders", columns=["amount"], where="id = 1", limit=5).values.tolist())
        print(source("raw", "payments", frame="arrow", columns=["method"]).to_pylist())
        write_to_model(batch.select(["id"]) for batch in ref("orders", frame="batches"))
        write_to_model(ref("scored", frame="batches"), mode="append")
        try:
            ref("orders", colums=["id"])
        except TypeError as error:
            print(error)
    """)

    assert ended.output.startswith(
        "[[2.5]]\n[{'method': 'card'}]\nref() got an unexpected keyword argument 'colums'"
    ), ended
    assert ended.done is not None
    assert ended.done["rows_written"] == 4
    assert rows(project, "select id from scored order by 1") == [(1,), (1,), (2,), (2,)]


def test_append_adds_rows_with_columns_in_any_order(run: Run, project: Path) -> None:
    run("import pandas as pd; write_to_model(pd.DataFrame({'a': [1], 'b': ['x']}))")

    run("""
        import pandas as pd
        write_to_model(pd.DataFrame({"b": ["y"], "a": [2]}), mode="append")
    """)

    assert rows(project, "select a, b from scored order by a") == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(("when", "is_told"), [("before", True), ("after", False)])
def test_rows_that_dbt_will_replace_are_told(run: Run, when: str, is_told: bool) -> None:
    text = "import pandas as pd; write_to_model(pd.DataFrame({'x': [7]}))"

    ended = run(text, node="model.shop.apart", when=when)

    told = "dbt builds the table of 'apart' from the model's own query"
    assert (told in ended.output) is is_told


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


@pytest.mark.parametrize("node", ["source.shop.raw.payments", "macro.shop.none"])
def test_only_a_script_of_a_model_may_write_to_it(run: Run, node: str) -> None:
    ended = run("write_to_model(ref('orders'))", node=node)

    assert "write_to_model() needs a script that is bound to a model" in ended.message
    assert f"is bound to '{node}'" in ended.message


def test_an_unknown_mode_is_refused(run: Run) -> None:
    ended = run("write_to_model(ref('orders'), mode='apend')")

    assert ended.message.startswith(
        "aft.Error: there is no mode 'apend'; did you mean 'append'? (it may be 'overwrite', "
        "'append', 'upsert' or 'delete+insert')"
    )


def test_rows_are_replaced_by_their_key_and_notices_are_printed(run: Run) -> None:
    run("write_to_model(ref('orders'))")

    ended = run(
        """
        import pandas as pd
        from aft import write_to_model
        write_to_model(pd.DataFrame({"id": [1, 9], "new": [7, 8]}), mode="upsert",
                       unique_key="id", on_schema_change="append_new_columns")
        write_to_model(pd.DataFrame({"id": [9], "other": [0]}), mode="delete+insert",
                       unique_key=["id"], on_schema_change="ignore")
        """
    )

    assert ended.message == "", ended.message
