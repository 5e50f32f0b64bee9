# SPDX-License-Identifier: Apache-2.0
"""Under --defer, scripts read what SQL models of the same run read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.project import STAGED
from tests.support.server_project import PROFILE, ServerProject

SQL = "{{ config(materialized='table') }} select count(*) as n from {{ ref('orders') }}"
SCRIPT = """
rows = ref("counted"), ref("orders", columns=["order_id"])
print("sql and script:", rows[0].n[0], len(rows[1]))
if context.vars.get("macros"):
    # Which dbt renders.
    sql = "select count({{ dbt.length('status') }}) as n from {{ ref('orders') }}"
    print("macro:", execute_sql(sql).n[0])
    print("hidden:", execute_sql("{{ rows_of('customers') }}").n[0])
"""
MACRO = """
{% macro rows_of(name) %} select count(*) as n from {{ ref(name) }} {% endmacro %}
"""


@pytest.fixture(scope="module")
def deferring(
    seeded: Path, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> ServerProject:
    """A project that is built in the schema of `prod`, and not in that of `dev`."""
    folder = tmp_path_factory.mktemp("defer") / "shop"
    ServerProject.copy(seeded, folder)
    project = ServerProject.moved(postgres, folder)
    outputs = PROFILE.partition("    server:\n")[2]
    targets = "".join(
        f"    {name}:\n" + outputs.replace("schema: shop", f"schema: {name}")
        for name in ("prod", "dev")
    )
    project.write("profiles.yml", f"\njaffle_shop:\n  target: dev\n  outputs:\n{targets}")
    built = project.dbt("build", "--target", "prod", "--exclude", "customers_predicted_ltvs+")
    assert built.exit_code == 0, built.output
    (folder / "target").rename(folder / "prod")
    project.write("models/counted.sql", SQL)
    project.write("scripts/count.py", SCRIPT)
    project.write("macros/rows_of.sql", MACRO)
    project.bind("counted", ["scripts/count.py"])
    return project


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_a_script_reads_what_sql_reads(
    deferring: ServerProject, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    deferring.rows("drop schema if exists dev cascade")
    run = ("dbt", "run", "--select", "counted", "--defer", "--state", "prod", *mode)

    missing = deferring.aft(*run, "--vars", "macros: true")
    deferring.rows("create table dev.orders as select 7 as order_id")
    # dbt looks for the state from the project's folder on.
    folders = [f"--{name}-dir={deferring.folder}" for name in ("project", "profiles")]
    there = deferring.aft(*run, *folders, cwd=tmp_path)
    favored = deferring.aft(*run, "--favor-state")

    for ended, shown in ((missing, "268 268"), (there, "1 1"), (favored, "268 268")):
        assert ended.exit_code == 0, ended.output
        assert f"sql and script: {shown}\n" in ended.output, ended.output
    assert "macro: 268\n" in missing.output
    # What a macro reads is known once dbt has rendered it.
    assert "hidden: 0\n" not in missing.output
    assert "hidden: " in missing.output
    assert "'counted' does not depend on 'customers', which this script rea" in missing.output
    assert "'customers'" not in there.output
