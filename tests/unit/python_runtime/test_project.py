# SPDX-License-Identifier: Apache-2.0
"""A project's tables in a program of the user's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aft
import pandas as pd
import pytest

from tests.support.programs import PACKAGES
from tests.unit.python_runtime.shop import rows, write_files

SCORES = pd.DataFrame({"id": [1, 2], "score": [0.5, 0.25]})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBT_PROFILES_DIR", "DBT_TARGET_PATH", "DBT_TARGET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shop(project: Path) -> Iterator[aft.Project]:
    with aft.Project(project) as shop:
        yield shop


def test_a_program_reads_and_writes_as_a_script_does(shop: aft.Project, project: Path) -> None:
    shop.write_to_model(SCORES, "scored")
    shop.write_to_model(SCORES.assign(id=3), "shop.scored", mode="append")

    assert rows(project, "select id from scored order by 1") == [(1,), (2,), (3,), (3,)]
    assert list(shop.ref("scored", columns=["score"], where="id = 1")["score"]) == [0.5]
    assert shop.ref("customers", v=2)["version"].tolist() == [2]
    assert shop.source("raw", "payments", frame="arrow").to_pylist() == [
        {"id": 7, "method": "card"}
    ]
    shop.write_to_source(pd.DataFrame({"id": [8]}), "raw", "payments")
    assert rows(project, "select id from payments order by 1") == [(7,), (8,)]
    assert shop.read_sql("select count(*) as n from scored")["n"].tolist() == [4]
    assert shop.execute_sql("select 1 as n from {{ ref('scored') }}")["n"].sum() == 4
    assert shop.list_models_ids()["model.shop.orders"] == "success"
    assert [test.model_name for test in shop.list_tests()] == ["scored"]
    assert {table.name for table in shop.list_sources()} == {"built", "payments"}
    assert [each.column for each in shop.list_features()] == ["amount"]
    (batch,) = shop.read_sql("select 1 as n", frame="batches")
    assert batch.to_pylist() == [{"n": 1}]


def test_many_threads_use_a_project(shop: aft.Project, project: Path) -> None:
    def add(number: int) -> int:
        shop.write_to_model(pd.DataFrame({"n": [number]}), "scored", mode="append")
        return len(shop.ref("orders"))

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(add, range(12))) == {2}

    assert rows(project, "select count(*) from scored") == [(12,)]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            lambda shop: shop.write_to_model(SCORES, "scord"),
            "there is no model 'scord' in the project; did you mean 'scored'?",
        ),
        (
            lambda shop: shop.write_to_model(SCORES, "late"),
            "cannot write to 'late': dbt materializes it as a view, which a table would "
            "replace; materialize it as 'table', 'incremental' or 'ephemeral'",
        ),
        (
            lambda shop: shop.read_sql("select {{ 1 }} from"),
            'cannot run the query: SQLPrepare: HY000 [SQLite]near "from": syntax error (1); '
            "read_sql does not render Jinja; use execute_sql, or write the relation's own "
            "name",
        ),
        (
            lambda shop: shop.write_to_model(SCORES, "scored", mode="upset"),
            "there is no mode 'upset'; did you mean 'upsert'? (it may be 'overwrite', "
            "'append', 'upsert' or 'delete+insert')",
        ),
        (
            lambda _: aft.write_table("", SCORES, "t", mode="upsert"),
            "mode 'upsert' takes 'unique_key', the column or columns that rows are found by",
        ),
        (
            lambda _: aft.write_table("", SCORES, "t", unique_key="id"),
            "'unique_key' is for the modes 'upsert' and 'delete+insert', and not for "
            "'overwrite'",
        ),
        (
            lambda _: aft.write_table("", SCORES, "t", "upsert", unique_key=["a", 1]),  # type: ignore[list-item]
            "'unique_key' takes a column's name, or a list of names",
        ),
        (
            lambda _: aft.write_table("", SCORES, "t", "append", on_schema_change="sync"),
            "there is no on_schema_change 'sync' (it may be 'fail', 'ignore', "
            "'append_new_columns' or 'sync_all_columns')",
        ),
        (
            lambda _: aft.write_table("", SCORES, "t", on_schema_change="fail"),
            "'on_schema_change' is for modes that keep the table's rows; 'overwrite' gives "
            "the table the frame's columns",
        ),
        (
            lambda _: aft.write_table("", SCORES, "a.b.c.d"),
            "'a.b.c.d' is no name of a table; write it as schema.table",
        ),
    ],
)
def test_a_mistake_is_refused(
    shop: aft.Project, work: Callable[[aft.Project], Any], message: str
) -> None:
    with pytest.raises(aft.Error) as refused:
        work(shop)

    assert str(refused.value) == message


def test_rows_that_dbt_will_replace_are_told(shop: aft.Project, project: Path) -> None:
    with pytest.warns(UserWarning, match="dbt builds the table of 'apart'") as told:
        shop.write_to_model(pd.DataFrame({"x": [7]}), "apart")

    assert told[0].filename == __file__
    assert rows(project, "select x from apart") == [(7,)]


def test_what_a_project_lacks_is_named(project: Path, tmp_path: Path) -> None:
    def refusal(folder: Path, **options: Any) -> str:
        with pytest.raises(aft.Error) as refused:
            aft.Project(folder, **options)
        return str(refused.value)

    prod = (project / "profiles.yml").read_text().replace("schema: main", "schema: prod")
    write_files(project, {"other/profiles.yml": prod.replace("dev:", "prod:")})

    assert refusal(tmp_path / "none") == (
        f"there is no dbt_project.yml in '{tmp_path / 'none'}'"
    )
    assert refusal(project, target="prod").startswith(
        f"cannot find target 'prod' in '{project}/profiles.yml'; there is: 'dev'; add it"
    )
    assert refusal(project, profiles_dir=project / "other", target="prod") == (
        "dbt's manifest was made for another target than 'prod': no model of it is in schema "
        f"'prod'; run 'dbt parse --target prod' in '{project}'"
    )
    assert refusal(project, profiles_dir=tmp_path) == (
        f"cannot find '{tmp_path}/profiles.yml'; profiles.yml is looked for in the folder "
        "that 'profiles_dir=' or DBT_PROFILES_DIR names, else in the working folder, the "
        "project's or ~/.dbt: put it there, or make one with 'dbt init'"
    )
    (project / "target" / "manifest.json").write_text("{}")
    assert refusal(project) == (
        f"cannot read '{project}/target/manifest.json': it is no manifest of dbt; run 'dbt "
        f"parse' in '{project}'"
    )
    (project / "target" / "manifest.json").unlink()
    assert refusal(project) == (
        f"cannot read '{project}/target/manifest.json': No such file or directory; run 'dbt "
        f"parse' in '{project}'"
    )


def test_artifacts_are_found_where_the_project_puts_them(project: Path) -> None:
    (project / "target").rename(project / "artifacts")
    with (project / "dbt_project.yml").open("a") as file:
        file.write("\ntarget-path: \"{{ env_var('NOT_SET', 'artifacts') }}\"\n")

    with aft.Project(project) as shop:
        assert len(shop.ref("orders")) == 2


def test_a_program_leaves_no_files_and_warns_as_python_does(
    project: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = """
import aft, pandas as pd
from aft import context
from decimal import Decimal
shop = aft.Project()
print(len(shop.ref("orders")))
from aft import messages
messages.warn("lost")
for use in (lambda: aft.ref("orders"), lambda: context.target):
    try:
        use()
    except aft.Error as error:
        print(error)
"""
    refusals = [
        "this works only in a script that aft runs; bind the file to a node under 'meta: aft: "
        "scripts' in schema.yml and start 'aft dbt run', or use aft.Project in a program of "
        "your own"
    ] * 2

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={
            **os.environ,
            "PYTHONPATH": str(PACKAGES),
            "TMPDIR": str(tmp_path / "tmp"),
        },
        capture_output=True,
        text=True,
    )

    assert done.stdout.splitlines() == ["2", *refusals], done.stderr
    assert "UserWarning: lost" in done.stderr
    assert "\x1e" not in done.stderr
    assert list(temporary.iterdir()) == []
