# SPDX-License-Identifier: Apache-2.0
"""What scripts do under the commands of dbt that make nodes of several kinds."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.project import Project


def declare(project: Project, **properties: Any) -> None:
    """Add a file of properties to the project's models."""
    project.write("models/more.yml", yaml.safe_dump(properties))


def with_scripts(name: str, **more: Any) -> dict[str, Any]:
    """The properties of a node with a script on either side of it."""
    scripts = {"before": [f"scripts/before_{name}.py"], "after": [f"scripts/after_{name}.py"]}
    return {"name": name, "meta": {"aft": {"scripts": scripts}}, **more}


def statuses(project: Project) -> dict[str, str]:
    """The status of each script by its file's name."""
    return {
        entry["unique_id"].rpartition("/")[2]: entry["status"] for entry in project.results()
    }


def add_tested_models(project: Project, *names: str) -> None:
    """Make models with scripts, which a test and a unit test look at."""
    project.write("models/prices.sql", "select 1 as id")
    project.write("models/report.sql", "select id from {{ ref('prices') }}")
    project.write("models/wrong.sql", "select id + 1 as id from {{ ref('stg_orders') }}")
    project.write("models/right.sql", "select id from {{ ref('stg_orders') }}")
    project.write("tests/no_sevens.sql", "select 1 from {{ ref('prices') }} where id = 7")
    project.write("models/stg_orders.sql", "select 1 as id")
    (project.folder / "models/staging/stg_orders.sql").unlink()
    for name in names:
        for when in ("before", "after"):
            project.write(f"scripts/{when}_{name}.py", "")
    project.write(
        "scripts/after_prices.py",
        "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [7]}), mode='append')\n",
    )
    given = [{"input": "ref('stg_orders')", "rows": [{"id": 1}]}]
    expect = {"rows": [{"id": 1}]}
    unit_tests = [
        {"name": f"{name}_keeps_ids", "model": name, "given": given, "expect": expect}
        for name in ("wrong", "right")
    ]
    declare(project, models=[with_scripts(name) for name in names], unit_tests=unit_tests)


def test_build_holds_scripts_back_where_a_test_fails(project: Project) -> None:
    # The first fails for what the script has written; the second is one before its model.
    names = ("prices", "report", "wrong", "right")
    add_tested_models(project, *names)

    run = project.aft("dbt", "build", "--select", "stg_orders", *names, "no_sevens")

    assert run.exit_code == 1
    assert statuses(project) == {
        "before_prices.py": "success",
        "after_prices.py": "success",
        "before_report.py": "skipped",
        "after_report.py": "skipped",
        "before_wrong.py": "skipped",
        "after_wrong.py": "skipped",
        "before_right.py": "success",
        "after_right.py": "success",
    }
    assert run.line("OK ran script scripts/after_prices.py") < run.line("START test no_sevens")
    assert (
        run.line("PASS right::right_keeps_ids")
        < run.line("OK ran script scripts/before_right.py")
        < run.line("OK created sql table model main.right")
        < run.line("OK ran script scripts/after_right.py")
    )
    assert run.output.count("START script scripts/before_right.py") == 1


def test_seeds_and_snapshots_have_scripts_on_either_side(project: Project) -> None:
    project.write("seeds/fruit.csv", "id,name\n1,apple\n")
    project.write(
        "snapshots/fruit_then.sql",
        "{% snapshot fruit_then %}{{ config(target_schema=target.schema, unique_key='id',"
        " strategy='check', check_cols=['name']) }}"
        "select * from {{ ref('fruit') }}{% endsnapshot %}",
    )
    # SQLite has no md5().
    project.write(
        "macros/hash.sql",
        "{% macro sqlite__snapshot_hash_arguments(args) %}{{ args | join(\" || '|' || \") }}"
        "{% endmacro %}",
    )
    for name in ("fruit", "fruit_then"):
        project.write(f"scripts/before_{name}.py", "")
        project.write(f"scripts/after_{name}.py", f"print('rows:', len(ref('{name}')))")
    declare(project, seeds=[with_scripts("fruit")], snapshots=[with_scripts("fruit_then")])

    run = project.aft("dbt", "build", "--select", "fruit", "fruit_then")

    assert run.exit_code == 0, run.output
    for name, done in (("fruit", "OK loaded seed file"), ("fruit_then", "OK snapshotted")):
        assert (
            run.line(f"OK ran script scripts/before_{name}.py")
            < run.line(f"{done} main.{name}")
            < run.line(f"scripts/after_{name}.py | rows: 1")
            < run.line(f"OK ran script scripts/after_{name}.py")
        )


def test_a_test_that_fails_stops_scripts_under_fail_fast(project: Project) -> None:
    project.write("models/slow.sql", "{{ config(materialized='ephemeral') }} select 1 as id")
    project.write("models/quick.sql", "select 1 as id")
    project.write("tests/never.sql", "select 1 from {{ ref('quick') }}")
    project.write(
        "scripts/slow.py", "import time\nopen('started', 'w')\nwhile True: time.sleep(0.01)\n"
    )
    project.write(
        "scripts/quick.py",
        "import os, time\nwhile not os.path.exists('started'): time.sleep(0.01)\n",
    )
    for name in ("slow", "quick"):
        project.bind(name, [{"path": f"scripts/{name}.py", "timeout": "60s"}])
    selected = ("slow", "quick", "never")

    run = project.aft("dbt", "build", "-s", *selected, "--fail-fast", "--threads", "2")

    assert run.exit_code == 1
    messages = {entry["node"]: entry["message"] for entry in project.results()}
    assert messages["model.jaffle_shop.slow"] == (
        "stopped because 'test.jaffle_shop.never' has failed (--fail-fast)"
    )


@pytest.mark.parametrize("mode", ["live", "staged"])
def test_an_empty_run_reads_no_rows_and_writes_what_it_is_given(
    project: Project, mode: str
) -> None:
    ephemeral = "{{ config(materialized='ephemeral') }} select * from main.counted"
    project.write("models/counted.sql", ephemeral)
    project.write("models/copied.sql", "select * from {{ ref('counted') }}")
    project.write(
        "scripts/count.py",
        "import pandas as pd\n"
        "orders = ref('raw_orders')\n"
        "counts = {'orders': [len(orders)], 'columns': [len(orders.T)]}\n"
        "write_to_model(pd.DataFrame(counts))\n",
    )
    project.bind("counted", ["scripts/count.py"])

    command = ("dbt", "run", "--empty", "--select", "counted", "copied")
    run = project.aft(*command, "--aft-mode", mode)

    assert run.exit_code == 0, run.output
    assert project.query("select * from counted") == [(0, 4)]
    assert project.query("select * from copied") == []
