# SPDX-License-Identifier: Apache-2.0
"""Scripts that are notebooks, R or any executable file."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.support.example import LTV
from tests.support.programs import AFT
from tests.support.project import Project

RUN = ("dbt", "run", "--exclude", "fct_customers")


def bind(project: Project, name: str, text: str, **options: Any) -> Path:
    """Make ``text`` an executable script of the ephemeral model, its only one."""
    script = project.write(name, text)
    script.chmod(0o755)
    project.bind(LTV, [{"path": name, **options}], writes="optional")
    return script


def bind_each(project: Project, scripts: dict[str, str]) -> None:
    """Make ephemeral models below `orders`, each with an executable script of its own."""
    sql = "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}"
    for name, text in scripts.items():
        project.write(f"models/{name}.sql", sql)
        project.write(f"scripts/{name}", text).chmod(0o755)
        project.bind(name, [f"scripts/{name}"])


def notebook(*cells: str) -> str:
    """A Jupyter notebook with some text before its code."""
    code = [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]
    text = {"cell_type": "markdown", "source": ["# Predictions"]}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [text, *code]})


def test_a_notebook_runs_as_a_script(project: Project) -> None:
    cells = notebook(
        "%load_ext autoreload\n%init_fal project_dir=.\nfrom fal.typing import *",
        "%%bash\necho nothing of this is Python",
        "%%time\ncustomers = ref('customers')\nshare = (17\n  % 5)",
        "!pip list\nfor _ in range(1):\n    %time print('share', share)",
        "write_to_model(customers[['customer_id']])",
    )
    bind(project, "models/predict.ipynb", cells)

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    assert project.query(f"select count(*) from {LTV}") == [(100,)]


def test_an_error_in_a_notebook_names_the_cell(project: Project) -> None:
    bind(project, "models/predict.ipynb", notebook("a = 1", "b = a\nb / 0"))

    run = project.aft(*RUN)

    assert run.exit_code == 1
    (entry,) = project.results()
    assert entry["message"].endswith("division by zero (models/predict.ipynb, cell 3:2)")
    assert (
        'File "models/predict.ipynb, cell 3", line 2, in <module>\n      b / 0' in run.output
    )


def test_what_is_no_notebook_is_said(project: Project) -> None:
    bind(project, "models/predict.ipynb", "print('Python')")

    run = project.aft(*RUN)

    assert run.exit_code == 1
    assert "the file is not a Jupyter notebook" in run.output


def test_an_executable_reads_and_writes_frames(project: Project) -> None:
    kinds = ("csv", "arrow", "parquet")
    script = "#!/bin/sh\nset -e\naft read orders --format {0} | aft write copy_{0}\n"
    scripts = {f"copy_{kind}": script.format(kind) for kind in kinds}
    scripts["copy_csv"] += "for _ in 1 2; do aft read orders | aft write source:raw.log; done"
    bind_each(project, scripts)
    project.write(
        "models/raw.yml",
        "sources: [{name: raw, schema: main, tables: [{name: log}]}]",
    )

    run = project.aft("dbt", "run", "--select", "+orders", "copy_*")

    assert run.exit_code == 0, run.output
    rows = "select order_id, customer_id, order_date, status, amount from "
    for kind in kinds:
        assert project.query(rows + f"copy_{kind}") == project.query(rows + "orders")
    assert project.query("select count(*) from log") == [(2 * 268,)]
    counts = {Path(entry["path"]).name: entry["rows"] for entry in project.results()}
    copied = {"read": 268, "written": 268}
    assert counts == {
        "copy_csv": {"read": 3 * 268, "written": 3 * 268},
        "copy_arrow": copied,
        "copy_parquet": copied,
    }


def test_an_executable_knows_its_node_target_and_arguments(project: Project) -> None:
    bind(
        project,
        "scripts/tell.py.sh",
        "#!/bin/sh\n"
        'echo "$AFT_NODE|$AFT_NODE_ID|$AFT_NODE_STATUS|$AFT_TARGET|$AFT_TARGET_TYPE"\n'
        'echo "$AFT_TARGET_DATABASE|$AFT_TARGET_SCHEMA|$AFT_ARGUMENTS"\n'
        "pwd\n",
        **{"with": {"threshold": 0.5, "names": ["a"]}},
    )

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    label = "scripts/tell.py.sh | "
    assert f"{label}{LTV}|model.jaffle_shop.{LTV}|success|dev|sqlite\n" in run.output
    assert f'{label}database|main|{{"names": ["a"], "threshold": 0.5}}\n' in run.output
    assert f"{label}{project.folder}\n" in run.output


def test_an_executable_that_fails_is_an_error(project: Project) -> None:
    empty = "the program ended with exit code 1"
    failures = {
        "exits": ("#!/bin/sh\nexit 3\n", "the program ended with exit code 3"),
        "crashes": ("#!/bin/sh\nkill -SEGV $$\n", "killed by SIGSEGV"),
        "unknown": ("#!/no/such/program\n", "No such file or directory"),
        "unnamed": ("no shebang", "Exec format error"),
        "empty": ("#!/bin/sh\naft write empty < /dev/null\n", empty),
    }
    bind_each(project, {name: text for name, (text, _) in failures.items()})

    run = project.aft("dbt", "run", "--select", *failures)

    assert run.exit_code == 1, run.output
    entries = {entry["path"]: entry for entry in project.results()}
    for name, (_, message) in failures.items():
        entry = entries[f"scripts/{name}"]
        assert entry["status"] == "error"
        assert message in entry["message"]
    assert not project.relations() & failures.keys()


def test_what_aft_read_and_write_refuse_is_said(project: Project) -> None:
    refusals = {
        "typo": (
            "aft read ordres",
            "aft: there is no model 'ordres' in the project; did you mean",
        ),
        "format": (
            "aft read orders --format xml",
            "aft: '--format' takes 'csv', 'arrow' or 'parquet', not 'xml'",
        ),
        "mode": (
            "echo a | aft write mode --mode apend || { echo exit $?; exit 1; }",
            "aft: '--mode' takes 'overwrite', 'append', 'upsert' or 'delete+insert', not "
            "'apend'; did you mean 'append'?",
        ),
        "code": ("aft write --mode || { echo exit $?; exit 1; }", "exit 2"),
        "key": (
            "echo a | aft write key --mode upsert --on-schema-change fail",
            "aft: mode 'upsert' takes 'unique_key', the column or columns that",
        ),
        "source": ("aft read source:shop.payments", "aft: there is no source 'shop.payments'"),
        "other": (
            "echo a | aft write orders",
            "aft: a script writes to its own model, 'other', and",
        ),
        "arrow": (
            "echo a | aft write arrow --format arrow",
            "aft: what was given is no arrow",
        ),
        "parquet": (
            "printf 'PAR1 is no parquet' | aft write parquet",
            "aft: what was given is no parquet",
        ),
    }
    script = "#!/bin/bash\nset -eo pipefail\n"
    bind_each(project, {name: script + asked for name, (asked, _) in refusals.items()})

    run = project.aft("dbt", "run", "--select", "+orders", *refusals)

    assert run.exit_code == 1, run.output
    for name, (_, message) in refusals.items():
        assert f"scripts/{name} | {message}" in run.output
    assert {entry["status"] for entry in project.results()} == {"error"}
    assert not project.relations() & refusals.keys()


def test_aft_read_outside_of_a_script_is_refused(project: Project) -> None:
    run = project.run(str(AFT), "read", "orders")

    assert run.exit_code == 1
    assert run.output == "aft: this works only in a script that 'aft dbt' runs\n"


def test_a_value_passes_through_csv_as_it_is(project: Project) -> None:
    rows: list[list[str | None]] = [
        ["text", "zip", "number", "big", "real", "day", "yes", "nothing"],
        ["", "007", "-1", "9223372036854775808", "1.5", "2024-02-29", "true", None],
        [None, "10115", "0", "1", "-2e3", "0001-01-01", "false", None],
        ['a "quoted"\nline, ü 😀', "1", None, "1", "3", "9999-12-31", "true", None],
    ]
    text = io.StringIO()
    for row in rows:
        # An empty field is NULL, and "" is empty text.
        quoted = (
            "" if value is None else '"' + value.replace('"', '""') + '"' for value in row
        )
        text.write(",".join(quoted) + "\n")
    project.write("data.csv", text.getvalue())
    script = f"#!/bin/sh\nset -e\naft write {LTV} < data.csv\naft read {LTV} > back.csv\n"
    bind(project, "scripts/copy.sh", script)

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    types = project.query(f"select name, type from pragma_table_info('{LTV}')")
    assert dict(types) == {
        "text": "TEXT",
        "zip": "TEXT",
        "number": "INTEGER",
        "big": "TEXT",
        "real": "REAL",
        "day": "DATE",
        "yes": "BOOLEAN",
        "nothing": "TEXT",
    }
    back = list(csv.reader((project.folder / "back.csv").open(newline="")))
    assert back[0] == rows[0]
    assert back[1] == ["", "007", "-1", "9223372036854775808", "1.5", "2024-02-29", "true", ""]
    assert (project.folder / "back.csv").read_text().splitlines()[1].startswith('"",')
    assert back[3][0] == rows[3][0]


def test_an_executable_keeps_its_time_and_leaves_nothing(project: Project) -> None:
    script = "#!/bin/sh\ntrap 'echo asked to end; exit 0' TERM\nsleep 1000 & wait\n"
    bind(project, "scripts/hang.sh", script, timeout="200ms")

    run = project.aft(*RUN)

    assert run.exit_code == 1, run.output
    assert "scripts/hang.sh | asked to end" in run.output
    assert "timed out after 200ms" in run.output


def test_a_script_in_r_reads_and_writes_frames(project: Project) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed; apt-get install r-base-core")
    bind(
        project,
        "scripts/score.R",
        """
customers <- read.csv(pipe("aft read customers"))
arguments <- Sys.getenv("AFT_ARGUMENTS")
cat("scores", nrow(customers), "customers with", arguments, "\n")
scores <- data.frame(customer_id = customers$customer_id, score = customers$customer_id / 2)
out <- pipe(paste("aft write", Sys.getenv("AFT_NODE")), "w")
write.csv(scores, out, row.names = FALSE)
stopifnot(close(out) == 0)
""",
        **{"with": {"seed": 1}},
    )

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    assert 'scripts/score.R | scores 100 customers with {"seed": 1}' in run.output
    assert project.query(f"select sum(score), count(*) from {LTV}") == [(2525.0, 100)]


def test_arrow_keeps_types_that_csv_has_not(project: Project) -> None:
    table = pa.table({"data": [b"\x00\xff", None], "empty": pa.nulls(2, pa.int64())})
    with pa.ipc.new_file(project.folder / "data.arrow", table.schema) as stream:
        stream.write_table(table)
    bind(project, "scripts/copy.sh", f"#!/bin/sh\naft write {LTV} < data.arrow\n")

    run = project.aft(*RUN)

    assert run.exit_code == 0, run.output
    assert project.query(f"select * from {LTV}") == [(b"\x00\xff", None), (None, None)]
