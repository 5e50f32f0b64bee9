# SPDX-License-Identifier: Apache-2.0
"""What a script reads and writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.python_runtime.shop import rows, write_files
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


def test_a_hook_writes_no_table(run: Run, project: Path) -> None:
    before = rows(project, "select name from sqlite_master")

    ended = run(
        """
        for write in (write_to_model, lambda df: write_to_source(df, "raw", "payments")):
            try:
                write(ref("orders"))
            except Exception as error:
                print(error)
        """,
        when="post-hook",
    )

    script = project / "models" / "score.py"
    assert ended.output == "".join(
        f"{name}() is not allowed in a hook; bind '{script}' under 'scripts' instead\n"
        for name in ("write_to_model", "write_to_source")
    ), ended
    assert rows(project, "select name from sqlite_master") == before


def test_a_statement_of_a_hook_is_no_write_of_the_model(worker: Worker, project: Path) -> None:
    write_files(project, {"models/score.py": "execute_sql('drop table if exists {{ this }}')"})

    running = worker.start(project / "models/score.py", "model.shop.scored", when="pre-hook")
    packets = list(iter(running.packet, None))

    assert {"appended": True} in packets
    assert {"written": True} not in packets
    assert packets[-1]["done"]["status"] == "success"


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


def test_a_statement_with_macros_of_dbt_is_rendered_by_it(run: Run, project: Path) -> None:
    write_files(project, {".dbtignore": "models/score.py"})
    before = sorted(path.name for path in (project / "target").iterdir())

    ended = run("""
        execute_sql("create table {{ this }} as select {{ add('1', 2) }} as three, "
                    "'{{ this.schema }}' as place, {{ var('n', 7) }} as n")
        for _ in range(2):
            print(execute_sql("select {{ add(3, 4) }} as seven from {{ ref('orders') }}"))
        try:
            execute_sql("select {{ subtract(1, 2) }}")
        except Exception as error:
            print(error)
        count = "select {{ run_query('select count(*) from payments')[0][0] if execute }} as n"
        print(execute_sql(count)["n"].tolist())
        execute_sql("insert into {{ source('raw', 'payments') }} values (8, 'cash')")
        print(execute_sql(count)["n"].tolist())
        print(execute_sql("select {{ modules.pytz.utc.zone | length }} as n").to_dict("list"))
        print(execute_sql("select {{ add(4, 4) }} as eight").to_dict("list"))
    """)

    assert ended.done is not None
    assert ended.done["status"] == "success", ended
    assert ended.output.endswith("[1]\n[2]\n{'n': [3]}\n{'eight': [8]}\n")
    assert rows(project, "select * from scored") == [(3, "main", 7)]
    assert ended.output.count("0      7\n1      7\n") == 2
    assert "the Jinja of the query: 'subtract' is for dbt to render, and it says: " in (
        ended.output
    )
    assert "'subtract' is undefined" in ended.output
    assert (ended.appended, ended.done.get("can_write")) == (True, None)
    assert sorted(path.name for path in (project / "target").iterdir()) == before


@pytest.mark.parametrize(("favor_state", "shown"), [(False, "2 prod"), (True, "9 prod")])
def test_a_deferred_model_is_read_where_sql_models_read_it(
    new_worker: Callable[..., Worker], project: Path, favor_state: bool, shown: str
) -> None:
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    for name in ("orders", "apart"):
        node = manifest["nodes"][f"model.shop.{name}"]
        node.update(alias=f"prod_{name}", relation_name=f'main."prod_{name}"')
    ignored = {".dbtignore": "models/score.py"}
    write_files(project, {"prod/manifest.json": json.dumps(manifest), **ignored})
    with sqlite3.connect(project / "shop.db") as database:
        database.executescript(
            "drop table apart; create table prod_apart as select 'prod' as x;"
            "create table prod_orders as select 9 as n"
        )
    worker = new_worker()
    flags = {"defer": True, "state": "prod", "favor_state": favor_state}
    worker.prepare(project, flags=flags)
    worker.receive()
    worker.use_manifest(project / "target" / "manifest.json")
    script = project / "models" / "score.py"
    script.write_text("""
print(ref('orders').iloc[-1, 0], execute_sql('select x from {{ ref("apart") }}').x[0])
""")

    ended = worker.run(script, "model.shop.scored", node_status="success")

    assert ended.output.splitlines()[-1] == shown, ended


def test_rows_are_appended_to_a_sources_table(run: Run, project: Path) -> None:
    ended = run("""
        import aft, pandas as pd
        write_to_source(pd.DataFrame({"method": ["cash"], "id": [8]}), "raw", "payments")
        for name in ("payments", "paymnts", "built"):
            try:
                write_to_source(ref("orders"), "raw", name)
            except aft.Error as error:
                print(error)
    """)

    assert ended.output == (
        "cannot append to 'main.payments': the table has no column 'amount'; add it, leave it "
        "out of the frame, or choose another on_schema_change\n"
        "there is no source 'raw.paymnts' in the project; did you mean 'raw.payments'?\n"
        "source 'raw.built' is the table of 'apart', which a script writes only where it is "
        "bound to that; bind the script there, or write to another table\n"
    )
    assert (ended.appended, ended.done and ended.done["rows_written"]) == (True, 1)
    assert rows(project, "select * from payments") == [(7, "card"), (8, "cash")]


def test_a_sources_table_is_overwritten_and_can_be_repeated(run: Run, project: Path) -> None:
    ended = run("""
        from aft import write_to_source
        write_to_source(ref("orders"), "raw", "payments", mode="overwrite",
                        dtype={"amount": "NUMERIC"})
    """)

    assert (ended.appended, ended.output) == (False, "")
    assert rows(project, "select * from payments") == [(1, 2.5), (2, None)]


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
