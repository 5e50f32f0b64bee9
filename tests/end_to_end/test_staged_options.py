# SPDX-License-Identifier: Apache-2.0
"""dbt's options mean in a run in stages what they mean in one run."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import yaml

from tests.support.programs import AFT, DBT
from tests.support.project import STAGED, Project

# Two dbt processes at least: what is below `first` waits for its script.
NOTE = """
import sys
from aft import context
with open("order", "a") as file:
    print(context.current_model.name, file=file)
"""


def change_yaml(project: Project, name: str, **entries: Any) -> None:
    """Set top-level entries of a YAML file of the project."""
    file = project.folder / name
    content = yaml.safe_load(file.read_text()) if file.exists() else {}
    file.write_text(yaml.safe_dump(content | entries))


@pytest.fixture
def small(project: Project) -> Project:
    """Few models in odd places, and scripts that note the order in which they run."""
    shutil.rmtree(project.folder / "models")
    project.write("models/schema.yml", "models: []\n")
    project.write("scripts/note.py", NOTE)
    return project


def noted(project: Project) -> list[str]:
    """The names of the nodes whose scripts have run."""
    file = project.folder / "order"
    names = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return names


def test_a_stage_has_its_own_nodes_however_they_are_named(small: Project) -> None:
    # Where dbt's selectors take a name for a folder, a prefix or two words.
    models = {
        "mart/mart": "select 1 as n",
        "mart/other": "select * from {{ ref('mart') }}",
        "my folder/spaced": "select * from {{ ref('mart') }}",
        "dim_v1": "select 1 as n",
        "dim_v2": "select 2 as n",
        "last": "select * from {{ ref('dim') }}, {{ ref('other') }}, {{ ref('dep') }}",
    }
    for name, sql in models.items():
        small.write(f"models/{name}.sql", sql)
    small.write("dbt_packages/kit/dbt_project.yml", "name: kit\nversion: '1.0'\n")
    small.write("dbt_packages/kit/models/mart/dep.sql", "select 1 as n")
    small.write("packages.yml", "packages: [{local: dbt_packages/kit}]\n")
    small.bind("mart", ["scripts/note.py"])
    small.bind("dim", ["scripts/note.py"], versions=[{"v": 1}, {"v": 2}])

    run = small.aft("dbt", "run", *STAGED)

    assert run.exit_code == 0, run.output
    names = ["dep", "dim.v1", "dim.v2", "last", "mart", "other", "spaced"]
    assert sorted(small.statuses()) == names
    assert run.output.count("OK created") == len(names)
    assert sorted(noted(small)) == ["dim", "dim", "mart"]
    order = [
        run.line("OK created sql table model main.mart "),
        run.line("OK ran script scripts/note.py after mart"),
        run.line("START sql table model main.spaced"),
    ]
    assert order == sorted(order)


def test_build_takes_seeds_and_tests_in_their_order(small: Project) -> None:
    meta = {"aft": {"scripts": ["scripts/note.py"]}}
    change_yaml(small, "seeds/schema.yml", seeds=[{"name": "raw_orders", "meta": meta}])
    small.write("models/below.sql", "select * from {{ ref('raw_orders') }}")
    tests = [{"name": "id", "tests": ["unique"]}, {"name": "status", "tests": ["unique"]}]
    small.bind("below", {"before": ["scripts/note.py"]}, columns=tests)
    small.write("models/last.sql", "select n from {{ ref('below') }}")
    unit: dict[str, Any] = {"name": "of_below", "model": "below"}
    unit["given"] = [{"input": "ref('raw_orders')", "rows": [{"id": 1}]}]
    unit["expect"] = {"rows": [{"id": 1}]}
    change_yaml(small, "models/unit.yml", unit_tests=[unit])

    run = small.aft("dbt", "build", "--exclude", "raw_customers", "raw_payments", *STAGED)

    assert run.exit_code == 1, run.output
    assert noted(small) == ["raw_orders", "below"], run.output
    entries = {name.partition(".")[0]: status for name, status in small.statuses().items()}
    assert entries == {
        "raw_orders": "success",
        "below": "success",
        "unique_below_id": "pass",
        "unique_below_status": "fail",
        "last": "skipped",
    }
    assert "Completed with 1 error, 0 partial successes, and 0 warnings:" in run.output
    assert "PASS=4 WARN=0 ERROR=1 SKIP=1 NO-OP=0 TOTAL=6" in run.output
    assert run.output.count("Failure in test unique_below_status") == 1

    run = small.aft("dbt", "build", "--resource-type", "seed", *STAGED)
    assert run.exit_code == 0, run.output
    assert sorted(small.statuses()) == ["raw_customers", "raw_orders", "raw_payments"]


def chain(project: Project, *bound: str) -> None:
    """Three models, one below the other; a script follows each that is ``bound``."""
    for name, sql in {
        "first": "select '{{ var('word', '-') }}' as word, {{ var('number', 0) }} as number",
        "second": "select * from {{ ref('first') }}",
        "third": "select * from {{ ref('second') }}",
    }.items():
        project.write(f"models/{name}.sql", sql)
    for name in bound:
        project.bind(name, ["scripts/note.py"])


def test_selectors_variables_and_folders_reach_every_stage(
    small: Project, tmp_path: Any
) -> None:
    chain(small, "first", "second")
    definition = {"union": [{"method": "fqn", "value": "first", "children": True}]}
    change_yaml(
        small, "selectors.yml", selectors=[{"name": "chain", "definition": definition}]
    )
    shutil.copy(small.folder / "jaffle_shop.db", small.folder / "other.db")
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (small.folder / "profiles.yml").rename(profiles / "profiles.yml")

    run = small.aft(
        *("dbt", "--no-use-colors", "run", "--selector", "chain", "--full-refresh"),
        *("--profiles-dir", str(profiles), "--project-dir", str(small.folder)),
        *("--vars", "{word: 'a b', number: 7}", "--target", "other"),
        *("--target-path", "out", "--threads", "2", *STAGED),
        cwd=tmp_path,
    )

    assert run.exit_code == 0, run.output
    assert small.query("select * from third", "other.db") == [("a b", 7)]
    assert "third" not in small.relations()
    assert noted(small) == ["first", "second"]
    document = json.loads((small.folder / "out" / "run_results.json").read_text())
    assert len(document["results"]) == 3
    assert document["args"]["selector"] == "chain"
    assert document["args"]["vars"] == {"word": "a b", "number": 7}
    assert "Concurrency: 2 threads (target='other')" in run.output


def test_deferral_looks_past_what_an_earlier_stage_has_built(small: Project) -> None:
    chain(small, "first", "second")
    small.write("models/above.sql", "select 1 as n")
    small.write("models/second.sql", "select * from {{ ref('first') }}, {{ ref('above') }}")
    profiles = yaml.safe_load((small.folder / "profiles.yml").read_text())
    outputs = profiles["jaffle_shop"]["outputs"]
    outputs["dev"]["schemas_and_paths"]["kept"] = str(small.folder / "kept.db")
    outputs["other"] = outputs["dev"] | {"schema": "kept"}
    change_yaml(small, "profiles.yml", jaffle_shop=profiles["jaffle_shop"])
    shutil.copy(small.folder / "jaffle_shop.db", small.folder / "kept.db")
    kept = small.dbt("run", "--target", "other", "--target-path", "state")
    assert kept.exit_code == 0, kept.output

    options = ("--defer", "--favor-state", "--state", "state", "--exclude", "above")
    run = small.aft("dbt", "run", *options, *STAGED)

    assert run.exit_code == 0, run.output
    compiled = small.folder / "target" / "compiled" / "jaffle_shop" / "models"
    sql = (compiled / "second.sql").read_text()
    assert sql == 'select * from main."first", kept."above"'
    assert (compiled / "third.sql").read_text() == 'select * from main."second"'
    document = json.loads((small.folder / "target" / "run_results.json").read_text())
    assert document["args"]["state"] == "state"
    assert document["args"]["exclude"] == ["above"]


@pytest.mark.parametrize("form", ["option", "variable", "project"])
def test_the_first_failure_ends_a_run_that_fails_fast(small: Project, form: str) -> None:
    chain(small, "first", "second")
    small.write("models/apart.sql", "select * from {{ ref('first') }}")
    small.write("scripts/bad.py", "1 / 0\n")
    small.bind("second", {"before": ["scripts/bad.py"]})
    environment, options = {}, []
    if form == "option":
        options = ["--fail-fast"]
    elif form == "variable":
        environment = {"DBT_FAIL_FAST": "1"}
    else:
        change_yaml(small, "dbt_project.yml", flags={"fail_fast": True})

    run = small.aft("dbt", "run", *options, *STAGED, environment=environment)

    assert run.exit_code == 1
    assert small.statuses() == {
        "first": "success",
        "second": "error",
        "third": "skipped",
        "apart": "skipped",
    }
    assert "apart" not in small.relations()


@pytest.mark.parametrize("threads", [1, 2])
def test_as_many_scripts_run_at_a_time_as_the_profile_has_threads(
    small: Project, threads: int
) -> None:
    profiles = yaml.safe_load((small.folder / "profiles.yml").read_text())
    profiles["jaffle_shop"]["outputs"]["dev"]["threads"] = threads
    change_yaml(small, "profiles.yml", jaffle_shop=profiles["jaffle_shop"])
    # Each waits until as many run as may; one too many would be seen.
    small.write(
        "scripts/meet.py",
        f"""
import os, pathlib, time
from aft import context
name = context.current_model.name
here = pathlib.Path()
open(name + ".runs", "w").close()
deadline = time.monotonic() + 30
while len([*here.glob("*.runs"), *here.glob("*.met")]) < {threads}:
    assert time.monotonic() < deadline, "the others did not start"
    time.sleep(0.01)
assert len(list(here.glob("*.runs"))) <= {threads}, "too many"
os.rename(name + ".runs", name + ".met")
""",
    )
    for number in range(4):
        small.write(f"models/e{number}.sql", "{{ config(materialized='ephemeral') }} select 1")
        small.bind(f"e{number}", ["scripts/meet.py"])

    run = small.aft("dbt", "run", *STAGED)

    assert run.exit_code == 0, run.output
    assert "Scripts: PASS=4 ERROR=0 SKIP=0 TOTAL=4" in run.output


def test_hooks_run_in_every_stage_and_aft_says_so(small: Project) -> None:
    chain(small, "first")
    change_yaml(small, "dbt_project.yml", **{"on-run-start": ["select 1"]})
    said = "The project's on-run-start and on-run-end run in each of the 2 stages.\n"

    assert said in small.aft("dbt", "run", *STAGED).output
    assert said not in small.aft("dbt", "run", "-s", "first", *STAGED).output


def test_the_console_shows_what_dbts_would(small: Project) -> None:
    chain(small)
    warned = [{"name": "word", "tests": [{"not_null": {"severity": "warn"}}]}]
    small.bind("third", {"before": ["scripts/note.py"]}, columns=warned)
    words = ("--vars", "{number: 1}", *STAGED)

    silent = ("--quiet", "--log-level", "none")
    quiet = small.aft("dbt", *silent, "build", "-s", "first+", *words)
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert noted(small) == ["third"]

    small.write("models/first.sql", "select null as word, 1 as number")
    quiet = small.aft("dbt", "build", "-s", "first+", "--log-level", "warn", *words)
    assert quiet.exit_code == 0
    assert "START" not in quiet.output
    assert "OK" not in quiet.output
    assert "Completed" not in quiet.output
    assert "4 of 4 WARN 1 not_null_third_word" in quiet.output
    assert quiet.output.count("Got 1 result, configured to warn if != 0") == 1

    run = small.aft("dbt", "build", "-s", "first+", "--log-format", "json", *words)
    events = [json.loads(line) for line in run.output.splitlines()]
    assert len(events) > 20
    messages = [event["info"]["msg"] for event in events]
    said = "Completed with 0 errors, 0 partial successes, and 1 warning:"
    assert sum(said in message for message in messages) == 1
    assert sum("Summary of encountered deprecations" in m for m in messages) <= 1
    counted = [event for event in events if event["info"]["name"] == "LogModelResult"]
    assert [(e["data"]["index"], e["data"]["total"]) for e in counted] == [
        (1, 4),
        (2, 4),
        (3, 4),
    ]
    (ending,) = (event for event in events if event["info"]["name"] == "StatsLine")
    assert ending["data"]["stats"]["total"] == 4
    assert ending["data"]["stats"]["warn"] == 1


def test_auto_takes_stages_where_the_gate_cannot_be_loaded(
    small: Project, tmp_path: Any
) -> None:
    chain(small, "first")
    wrapper = tmp_path / "wrapped-dbt"
    wrapper.write_text(f"#!/bin/sh\nunset PYTHONPATH\nexec '{DBT}' \"$@\"\n")
    wrapper.chmod(0o755)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = ("dbt", "run", "-s", "first+", "--aft-dbt")

    run = small.aft(*command[:-1], environment=environment)
    assert "staged" not in run.output
    wrapped = small.run(*(str(AFT), *command, str(wrapper)), environment=environment)

    assert wrapped.exit_code == 0, wrapped.output
    assert (
        f"aft: staged mode (a dbt process for each stage) because '{wrapper}' cannot be "
        "followed from inside: PYTHONPATH does not reach its Python; name the dbt that it "
        f"starts, with '--aft-dbt {DBT}'\n"
    ) in wrapped.output
    assert noted(small) == ["first"] * 2
    cached = json.loads((tmp_path / "cache" / "aft" / "dbt.json").read_text())
    assert {path: entry["gate"] for path, entry in cached.items()} == {str(DBT): True}
