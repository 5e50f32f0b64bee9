# SPDX-License-Identifier: Apache-2.0
"""DuckDB, whose file admits one process: dbt lends its connection, or scripts take turns."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.matrix.chain import add_model
from tests.support.processes import PATIENCE, wait_until
from tests.support.programs import AFT
from tests.support.project import STAGED, Project

PROJECT = """
name: chains
profile: chains
models: {chains: {+materialized: table}}
"""
PROFILE = "chains: {target: dev, outputs: {dev: {type: duckdb, path: '%s', threads: 4}}}"
FILE = "shop.duckdb"
ROWS = 20_000
NUMBERS = f"select i as id, i * 1.5 as amount from range({ROWS}) numbers(i)"
# Reads a stream while it writes, and beside it.
COPIES = """
import pandas as pd
batches = ref("numbers", frame="batches")
write_to_model((b.to_pandas().assign(twice=lambda f: f.amount * 2) for b in batches))
assert len(ref("numbers", where="id < 10", columns=["id"])) == 10
print(execute_sql("select count(*) as n from {{ this }}").n[0], "rows")
"""
APPENDS = """
import pandas as pd
write_to_model(pd.DataFrame({"id": [1, 2], "name": ["a", "b"]}))
more = pd.DataFrame({"id": [2, 3], "name": ["B", "c"]})
write_to_model(more, mode="upsert", unique_key="id")
write_to_model(pd.DataFrame({"id": [4], "name": ["d"]}), mode="append")
"""
# Millions of rows for each of its own.
ENDLESS = 'execute_sql("select count(*) from range(10000000) a, range(1000000) b")'


@pytest.fixture
def chains(tmp_path: Path) -> Project:
    project = Project(tmp_path / "chains")
    project.write("dbt_project.yml", PROJECT)
    project.write("models/schema.yml", "models: []")
    project.write("profiles.yml", PROFILE % FILE)
    add_model(project, "numbers", query=NUMBERS)
    return project


def query(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the file, which nobody else may have open."""
    with duckdb.connect(str(project.folder / FILE), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_scripts_read_and_write_beside_dbts_threads(
    chains: Project, mode: tuple[str, ...]
) -> None:
    add_model(chains, "copied", "numbers", after=COPIES, materialized="ephemeral")
    add_model(chains, "named", "numbers", after=APPENDS, materialized="ephemeral")
    for number in range(4):
        read = 'assert len(ref("numbers")) == 20_000'
        add_model(chains, f"reader{number}", "numbers", before=read, after=read)
    below = "select sum(twice) as twice from {{ ref('copied') }}"
    for name in ("copied", "named"):
        chains.write(f"models/{name}.sql", "{{ config(materialized='ephemeral') }} select * "
                     "from {{ this }} -- {{ ref('numbers') }}")  # fmt: skip
    chains.write("models/total.sql", below)

    run = chains.aft("dbt", "run", *mode)

    assert run.exit_code == 0, run.output
    assert f"after_copied.py | {ROWS} rows" in run.output
    assert set(chains.script_statuses().values()) == {"success"}
    assert query(chains, "select * from named order by id") == [
        (1, "a"), (2, "B"), (3, "c"), (4, "d")
    ]  # fmt: skip
    assert query(chains, "from total") == [(3.0 * sum(range(ROWS)),)]
    assert query(
        chains, "select count(*) from duckdb_tables() where table_name like 'aft%'"
    ) == [(0,)]
    assert not list(chains.folder.glob("*.wal"))


def test_a_write_that_is_cut_off_leaves_the_old_rows(chains: Project) -> None:
    write = "import os, pandas as pd\n"
    write += "def rows():\n    yield pd.DataFrame({'id': [9]})\n    os.kill(os.getpid(), 9)\n"
    add_model(chains, "killed", "numbers", after=write + "write_to_model(rows())")
    add_model(chains, "late", "numbers", after=ENDLESS)
    chains.bind("late", {"after": [{"path": "after_late.py", "timeout": "2s"}]})

    run = chains.aft("dbt", "run", patience=PATIENCE)

    assert run.exit_code == 1
    messages = {entry["path"]: entry["message"] for entry in chains.results()}
    assert messages["after_killed.py"].startswith("killed by SIGKILL")
    assert messages["after_late.py"].startswith("timed out after 2s")
    assert query(chains, "from killed") == [(1,)]
    names = {name for (name,) in query(chains, "select table_name from duckdb_tables()")}
    assert names == {"numbers", "killed", "late"}


def test_ctrl_c_stops_a_statement_in_dbts_process(chains: Project) -> None:
    add_model(chains, "endless", "numbers", after=f"print('begins')\n{ENDLESS}")
    log = chains.folder / "out"
    with log.open("w") as output:
        run = subprocess.Popen(
            [AFT, "dbt", "run", "--aft-dbt", chains.program],
            cwd=chains.folder,
            env=chains.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        wait_until(lambda: "begins" in log.read_text(), "the script begins")
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(PATIENCE) != 0

    (entry,) = chains.results()
    assert (entry["status"], entry["message"]) == ("error", "interrupted")
    assert query(chains, "from endless") == [(1,)]


def test_a_database_in_memory_is_lent(chains: Project) -> None:
    chains.write("profiles.yml", PROFILE % ":memory:")
    read = f'assert len(ref("numbers")) == {ROWS}'
    add_model(chains, "reader", "numbers", after=read)

    run = chains.aft("dbt", "run")

    assert run.exit_code == 0, run.output


def test_debug_opens_the_file_itself(chains: Project) -> None:
    duckdb.connect(str(chains.folder / FILE)).close()

    debug = chains.aft("debug")

    assert debug.exit_code == 0, debug.output
    assert "driver:                OK, duckdb " in debug.output
    assert "made a table and dropped it" in debug.output
