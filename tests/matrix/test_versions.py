# SPDX-License-Identifier: Apache-2.0
"""What scripts rely on in dbt holds in each of its versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.matrix.chain import add_model, line
from tests.matrix.entry import Entry
from tests.support.dbt_results import artifact
from tests.support.example import SCRIPT
from tests.support.mariadb_project import MariadbProject
from tests.support.processes import wait_until
from tests.support.project import STAGED, Project, comparable
from tests.support.server_project import ServerProject
from tests.support.terminal import SLEEPER, RunInTerminal


def count(project: Project, table: str) -> int:
    if isinstance(project, (ServerProject, MariadbProject)):
        return int(project.server.run(f"select count(*) from shop.{table}"))
    return int(project.query(f"select count(*) from {table}")[0][0])


@pytest.mark.adapters("mysql", "postgres", "sqlite")
def test_the_example_is_built_in_the_order_of_the_graph(entry: Entry, shop: Project) -> None:
    seeds = shop.aft("dbt", "seed")
    run = shop.aft("dbt", "run")

    assert seeds.exit_code == 0, seeds.output
    assert run.exit_code == 0, run.output
    statuses = shop.statuses()
    if entry.version >= (2,):
        # What it says of each ephemeral model.
        assert statuses.pop("customers_predicted_ltvs") == "skipped"
    assert set(statuses.values()) == {"success"}
    assert shop.script_statuses() == {SCRIPT: "success"}
    assert count(shop, "fct_customers") == 100
    starts, ends = run.line(f"START script {SCRIPT}"), run.line(f"OK ran script {SCRIPT}")
    for parent in ("customers", "orders"):
        assert line(run, "OK created", parent) < starts
    assert ends < line(run, "START", "fct_customers")


def test_a_failing_script_fails_its_node_and_skips_the_children(
    entry: Entry, chains: Project
) -> None:
    add_model(chains, "predicted", after="raise ValueError('no')", materialized="ephemeral")
    add_model(chains, "checked", after="raise ValueError('too few')")
    add_model(chains, "prepared", before="raise ValueError('not now')")
    for parent in ("predicted", "checked", "prepared"):
        add_model(chains, f"of_{parent}", parent, after="pass")
    add_model(chains, "alone", before="print('one')", after="print('two')")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    assert chains.statuses() == {
        "predicted": "error",
        "of_predicted": "skipped",
        "checked": "error",
        "of_checked": "skipped",
        "prepared": "error",
        "of_prepared": "skipped",
        "alone": "success",
    }
    results = chains.run_results()
    message = results["model.chains.checked"]["message"]
    assert "script 'after_checked.py' failed: ValueError: too few" in message
    # dbt itself has no results of an ephemeral model.
    failure = results["model.chains.predicted"]["message"]
    assert failure.startswith("script 'after_predicted.py' failed: ValueError: no")
    assert results["model.chains.of_predicted"]["message"] == (
        f"'model.chains.predicted' failed: {failure}"
    )
    # Entries of dbt 2 lack what this class needs.
    if entry.version < (2,):
        assert {result.unique_id for result in artifact(chains).results} == results.keys()
    assert chains.script_statuses() == {
        "after_predicted.py": "error",
        "after_of_predicted.py": "skipped",
        "after_checked.py": "error",
        "after_of_checked.py": "skipped",
        "before_prepared.py": "error",
        "after_of_prepared.py": "skipped",
        "before_alone.py": "success",
        "after_alone.py": "success",
    }
    assert "OK created sql table model main.prepared" not in run.output
    built = line(run, "OK created", "alone")
    assert run.line("| one") < built < run.line("| two")


@pytest.mark.adapters("mysql", "postgres", "sqlite")
def test_a_script_may_not_read_what_the_run_builds_in_any_order(chains: Project) -> None:
    add_model(chains, "apart")
    add_model(chains, "reader", after="ref('apart')", materialized="ephemeral")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    assert "this run builds 'apart', but 'reader' does not depend on it" in run.output


@pytest.mark.adapters("mysql", "postgres")
def test_scripts_use_the_target_that_dbt_takes_from_its_variables(
    entry: Entry, chains: Project
) -> None:
    note = "from pathlib import Path; Path('target_of_script').write_text(context.target.name)"
    add_model(chains, "built", after=note, query="select '{{ target.name }}' as name")
    profiles = yaml.safe_load((chains.folder / "profiles.yml").read_text())
    outputs = profiles["jaffle_shop"]["outputs"]
    outputs["prod"] = outputs["newest"] = next(iter(outputs.values()))
    chains.write("profiles.yml", yaml.safe_dump(profiles))
    variables = {"DBT_TARGET": "prod", "DBT_ENGINE_TARGET": "newest"}

    run = chains.aft("dbt", "run", *STAGED, environment=variables)

    assert run.exit_code == 0, run.output
    found = (chains.folder / "target_of_script").read_text()
    compiled = chains.folder / "target" / "compiled" / "chains" / "models" / "built.sql"
    assert compiled.read_text() == f"select '{found}' as name"
    newer = "newest" if (1, 11) <= entry.version < (2,) else "prod"
    assert found == ("server" if entry.version < (1, 8) else newer)


@pytest.mark.adapters("mysql", "postgres", "sqlite")
def test_a_placeholder_may_not_read_another_table_than_its_script_writes(
    chains: Project,
) -> None:
    write = "import pandas as pd; write_to_model(pd.DataFrame({'id': [1]}))"
    form = "select * from {{ target.schema }}.{{ model.name }}"
    for name, alias in (("wrong", "elsewhere"), ("right", "right")):
        add_model(chains, name, after=write, query=form, materialized="ephemeral", alias=alias)
        query = f"select id from {{{{ ref('{name}') }}}} as rows_of_it"
        add_model(chains, f"of_{name}", query=query)

    run = chains.aft("dbt", "run")

    assert run.exit_code == 1
    assert "models/wrong.sql selects from " in run.output
    assert chains.statuses()["of_wrong"] in ("error", "skipped")
    assert chains.statuses()["of_right"] == "success"


def test_build_runs_scripts_before_the_tests_of_their_node(
    entry: Entry, chains: Project
) -> None:
    columns = {"columns": [{"name": "id", "tests": ["unique"]}]}
    add_model(chains, "checked", before="pass", after="pass", properties=columns)
    add_model(chains, "of_checked", "checked", after="pass")

    run = chains.aft("dbt", "build")

    assert run.exit_code == 0, run.output
    assert set(chains.script_statuses().values()) == {"success"}
    ran = run.line("OK ran script after_checked.py")
    assert line(run, "OK created", "checked") < ran
    assert ran < line(run, "START test", "unique_checked_id")
    # dbt 2 says that a model starts while it waits for tests.
    is_dbt2 = entry.version >= (2,)
    start = line(run, "OK created" if is_dbt2 else "START", "of_checked")
    assert line(run, "PASS", "unique_checked_id") < start


def test_without_scripts_aft_is_dbt(chains: Project) -> None:
    add_model(chains, "built")
    add_model(chains, "broken", "built", query="select * from nowhere")
    # The first dbt command after a change of files says that it parses them anew.
    chains.dbt("parse")

    plain = chains.dbt("run")
    through_aft = chains.aft("dbt", "run")
    followed = chains.aft("dbt", "run", "--aft-mode", "live")

    assert plain.exit_code == 1
    assert comparable(through_aft) == comparable(plain)
    assert comparable(followed) == comparable(plain)
    assert not (chains.folder / "target" / "aft").exists()


def test_ctrl_c_stops_the_script_and_the_run(chains: Project, short_folder: Path) -> None:
    add_model(chains, "first", after="pass")
    add_model(chains, "slow", "first", after=SLEEPER, materialized="ephemeral")
    add_model(chains, "of_slow", "slow", after="pass")

    with RunInTerminal(chains, short_folder) as run:
        os.write(run.terminal, b"\x03")
        run.wait_for_end()

        assert run.exit_code not in (0, None)
        assert (chains.folder / "ended").read_text() == "KeyboardInterrupt"
        wait_until(lambda: not run.leftovers(), f"nothing is left of {run.leftovers()}")
    assert chains.statuses()["first"] == "success"
    assert chains.statuses().get("of_slow") in (None, "skipped")
    found = chains.script_statuses()
    assert (found["after_first.py"], found["after_slow.py"]) == ("success", "error")


def test_fail_fast_stops_the_scripts_that_run(chains: Project) -> None:
    # It fails when the other one is there.
    wait = "import os, time\nwhile not os.path.exists('pids'): time.sleep(0.01)\n1 / 0"
    add_model(chains, "slow", after=SLEEPER, materialized="ephemeral")
    add_model(chains, "hasty", after=wait, materialized="ephemeral")
    for parent in ("slow", "hasty"):
        add_model(chains, f"of_{parent}", parent, after="pass")

    run = chains.aft("dbt", "run", "--threads", "2", "--fail-fast")

    assert run.exit_code != 0
    messages = {entry["path"]: entry["message"] for entry in chains.results()}
    reason = "stopped because 'model.chains.hasty' has failed (--fail-fast)"
    assert messages["after_slow.py"] == reason
    statuses = chains.statuses()
    assert statuses["hasty"] == "error"
    assert {statuses["of_slow"], statuses["of_hasty"]} == {"skipped"}
