# SPDX-License-Identifier: Apache-2.0
"""Commands beside `dbt run`, and bindings beside YAML, in each version of dbt."""

from __future__ import annotations

import pytest
import yaml

from tests.matrix.chain import add_model, line
from tests.matrix.entry import Entry
from tests.support.project import Project

# Fails until somebody makes the file `mended`.
FAILS = "import os\nassert os.path.exists('mended')"
SNAPSHOT = """
{% snapshot kept %}
{{ config(target_schema=target.schema, unique_key='id', strategy='check', check_cols='all') }}
select * from {{ ref('numbers') }}
{% endsnapshot %}
"""


def test_retry_repeats_what_failed_and_what_it_kept_back(
    entry: Entry, chains: Project
) -> None:
    add_model(chains, "done", after="pass")
    add_model(chains, "checked", after=FAILS)
    add_model(chains, "predicted", after=FAILS, materialized="ephemeral")
    for parent in ("checked", "predicted"):
        add_model(chains, f"of_{parent}", parent, after="pass")

    assert chains.aft("dbt", "run").exit_code == 1
    again = chains.aft("dbt", "retry")
    assert again.exit_code == 1
    assert chains.script_statuses() == {
        "after_checked.py": "error",
        "after_of_checked.py": "skipped",
        "after_predicted.py": "error",
        "after_of_predicted.py": "skipped",
    }, again.output

    chains.write("mended", "")
    mended = chains.aft("dbt", "retry")
    assert mended.exit_code == 0, mended.output
    assert set(chains.script_statuses().values()) == {"success"}
    assert len(chains.script_statuses()) == 4
    expected = dict.fromkeys(("checked", "of_checked", "of_predicted", "predicted"), "success")
    if entry.version >= (2,):
        expected["predicted"] = "skipped"  # As dbt 2 says of each ephemeral model.
    assert chains.statuses() == expected
    assert line(mended, "OK created", "checked") < line(mended, "OK created", "of_checked")


def test_retry_repeats_scripts_of_what_nothing_is_built_from(chains: Project) -> None:
    add_model(chains, "done")
    add_model(chains, "predicted", after=FAILS, materialized="ephemeral")

    assert chains.aft("dbt", "run").exit_code == 1
    again = chains.aft("dbt", "retry")
    assert again.exit_code == 1, again.output
    assert chains.script_statuses() == {"after_predicted.py": "error"}

    chains.write("mended", "")
    mended = chains.aft("dbt", "retry")
    assert mended.exit_code == 0, mended.output
    assert chains.script_statuses() == {"after_predicted.py": "success"}


@pytest.mark.adapters("mysql", "postgres", "sqlite")
def test_seeds_and_snapshots_have_scripts_as_models_do(chains: Project) -> None:
    chains.write("seeds/numbers.csv", "id,name\n1,one\n2,two\n")
    chains.write("snapshots/kept.sql", SNAPSHOT)
    chains.write("say.py", "print(context.current_model.name, context.current_model.status)")
    for kind, name in (("seeds", "numbers"), ("snapshots", "kept")):
        meta = {"aft": {"scripts": {"before": ["say.py"], "after": ["say.py"]}}}
        properties = {"name": name}
        chains.set_meta(properties, meta)
        chains.write(f"{kind}/schema.yml", yaml.safe_dump({"version": 2, kind: [properties]}))

    for command in ("seed", "snapshot", "build"):
        run = chains.aft("dbt", command)
        assert run.exit_code == 0, run.output
        if command != "snapshot":
            assert run.line("say.py | numbers success") > run.line("say.py before numbers")
        if command != "seed":
            assert run.line("say.py | kept success") > run.line("say.py before kept")
    assert run.line("say.py | numbers success") < run.line("say.py before kept")
    assert "Scripts: PASS=4 ERROR=0 SKIP=0 TOTAL=4" in run.output


def test_a_script_that_a_sql_file_binds_runs(chains: Project) -> None:
    chains.write("say.py", "print('here')")
    meta = {"aft": {"scripts": {"after": ["say.py"]}}}
    add_model(chains, "bound", meta=meta, materialized="table")
    add_model(chains, "of_bound", "bound")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert line(run, "OK created", "bound") < run.line("say.py | here")
    assert run.line("say.py | here") < line(run, "START", "of_bound")


@pytest.mark.since(1, 8)
@pytest.mark.adapters("postgres", "sqlite", "duckdb")
def test_scripts_read_no_rows_of_an_empty_run(chains: Project) -> None:
    add_model(chains, "one", after="print(len(ref('one')), 'rows')")
    add_model(chains, "of_one", "one", query="select * from {{ ref('one') }}")
    read = "print(len(ref('one')), 'rows')"
    add_model(chains, "reader", "of_one", after=read)

    run = chains.aft("dbt", "run", "--empty")

    assert run.exit_code == 0, run.output
    assert run.output.count("| 0 rows") == 2


@pytest.mark.adapters("duckdb")
def test_a_python_model_of_the_warehouse_has_scripts_as_others_do(chains: Project) -> None:
    model = "import pandas as pd\n\n\ndef model(dbt, session):\n"
    model += "    dbt.config(materialized='table')\n    return pd.DataFrame({'id': [1]})\n"
    chains.write("models/counted.py", model)
    chains.write("say.py", "print(context.current_model.status)")
    chains.bind("counted", {"before": ["say.py"], "after": ["say.py"]})
    add_model(chains, "of_counted", "counted")

    run = chains.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert not (chains.folder / ".dbtignore").exists()
    created = line(run, "OK created", "counted")
    assert run.line("OK ran script say.py before counted") < created
    assert created < run.line("say.py | success") < line(run, "START", "of_counted")
