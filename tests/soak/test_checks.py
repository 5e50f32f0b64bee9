# SPDX-License-Identifier: Apache-2.0
"""The soak finds what it is there for: each is planted here, without a run of dbt."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.soak.checks import violations, violations_when_interrupted
from tests.soak.observation import observe
from tests.soak.program import Program
from tests.soak.shop import Shop, on_sqlite
from tests.support.project import Run
from tests.support.surroundings import Surroundings

PROGRAM = Program("plain_0", "", "success", "", ({7: 3},), 3, ("said 7",), (None, {7: 3}))
ENTRY = {
    "node": "model.soak.plain_0",
    "status": "success",
    "message": "",
    "rows": {"written": 3},
}
LOG = "target/aft/logs/script.model.soak.plain_0.after.1.log"
END = "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1"


@pytest.fixture
def shop(short_folder: Path) -> Shop:
    """A shop in which one script has run, as it should."""
    made = on_sqlite(short_folder / "project")
    made.project.query("create table plain_0 (batch integer, k integer)")
    execute(made, "insert into plain_0 values (7, 0), (7, 1), (7, 2)")
    made.project.write("target/aft/results.json", json.dumps({"results": [ENTRY]}))
    made.project.write("target/run_results.json", json.dumps({"results": []}))
    made.project.write(LOG, "said 7\n")
    return made


def execute(shop: Shop, sql: str) -> None:
    database = sqlite3.connect(shop.project.folder / "jaffle_shop.db")
    with closing(database), database:
        database.execute(sql)


def found(
    shop: Shop, plant: Callable[[Path], object] = lambda _: None, exit_code: int = 0
) -> list[str]:
    """What is found where something has been planted into the folder of the run."""
    surroundings = Surroundings(shop.project)
    surroundings.run("true")
    plant(surroundings.folder)
    return violations([PROGRAM], observe(shop, surroundings, Run(exit_code, END), patience=0))


def test_nothing_is_found_where_nothing_is_wrong(shop: Shop) -> None:
    assert found(shop) == []


@pytest.mark.parametrize(
    "sql",
    [
        "delete from plain_0 where k = 1",
        "delete from plain_0 where k = 2",
        "insert into plain_0 values (7, 2)",
        "update plain_0 set batch = 6 where k = 0",
        "delete from plain_0",
        "drop table plain_0",
    ],
)
def test_a_lost_or_doubled_row_is_found(shop: Shop, sql: str) -> None:
    execute(shop, sql)

    assert any(what.startswith("plain_0: the table has") for what in found(shop))


def test_a_staging_table_is_found(shop: Shop) -> None:
    execute(shop, "create table aft_staging_1 (a integer)")

    assert found(shop) == ["left behind: table 'aft_staging_1'"]


def test_a_leaked_process_is_found(shop: Shop) -> None:
    environment = {"TMPDIR": str(shop.project.folder.parent / "tmp")}
    with subprocess.Popen(["sleep", "1000"], env=environment, start_new_session=True) as left:
        try:
            assert found(shop) == ["left behind: process 'sleep 1000 '"]
        finally:
            left.kill()


@pytest.mark.parametrize(
    "name", ["tmp/a", "run/aft-run-x/gate", "cache/aft/x", "project/a.draft"]
)
def test_a_left_file_is_found(shop: Shop, name: str) -> None:
    def plant(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()

    assert found(shop, plant) == [f"left behind: file '{name}'"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"status": "error"}, "plain_0: status 'error', not 'success': "),
        ({"rows": {"written": 2}}, "plain_0: 2 rows reported, 3 written"),
        (
            {"node": "model.soak.plain_1"},
            "the results list the scripts of ['model.soak.plain_1']",
        ),
    ],
)
def test_a_wrong_result_is_found(shop: Shop, change: dict[str, object], what: str) -> None:
    results = json.dumps({"results": [{**ENTRY, **change}]})
    shop.project.write("target/aft/results.json", results)

    assert found(shop) == [what]


def test_a_file_that_was_deleted_is_found(shop: Shop) -> None:
    left = found(shop, lambda folder: (folder / "project" / "profiles.yml").unlink())

    assert left == ["left behind: file 'project/profiles.yml (deleted)'"]


def test_a_traceback_of_what_should_succeed_is_found(shop: Shop) -> None:
    log = "said 7\nTraceback (most recent call last):\n  of a thread\n"
    shop.project.write(LOG, log)

    assert found(shop) == [f"plain_0: it succeeds, but prints {log[7:]}"]


@pytest.mark.parametrize(
    ("sql", "status", "exit_code", "what"),
    [
        ("delete from plain_0", "error", 1, "plain_0: the table has {}, not any of"),
        ("delete from plain_0 where k = 1", "error", 1, "plain_0: rows are missing"),
        ("create table aft_staging_1 (a integer)", "error", 1, "left behind: table"),
        ("select 1", "running", 1, "results of scripts that are ['running']"),
        ("select 1", "skipped", 0, "exit code 0 with scripts that are ['skipped']"),
    ],
)
def test_what_an_interrupted_run_must_not_leave_is_found(
    shop: Shop, sql: str, status: str, exit_code: int, what: str
) -> None:
    execute(shop, sql)
    results = json.dumps({"results": [{**ENTRY, "status": status}]})
    shop.project.write("target/aft/results.json", results)
    surroundings = Surroundings(shop.project)
    surroundings.run("true")
    seen = observe(shop, surroundings, Run(exit_code, ""), patience=0)

    left = violations_when_interrupted([PROGRAM], seen)

    assert left != []
    assert all(each.startswith(("plain_0: ", what)) for each in left)
    assert any(each.startswith(what) for each in left)


def test_what_an_interrupted_run_may_leave_is_not_found(shop: Shop) -> None:
    execute(shop, "drop table plain_0")
    surroundings = Surroundings(shop.project)
    surroundings.run("true")
    seen = observe(shop, surroundings, Run(1, ""), patience=0)

    assert violations_when_interrupted([PROGRAM], seen) == []


def test_a_wrong_exit_code_is_found(shop: Shop) -> None:
    assert found(shop, exit_code=1) == ["exit code 1 with 0 scripts that fail"]


def test_a_lost_line_is_found(shop: Shop) -> None:
    shop.project.write(LOG, "")

    assert found(shop) == ["plain_0: 'said 7' was printed once, and is in the log 0 times"]
