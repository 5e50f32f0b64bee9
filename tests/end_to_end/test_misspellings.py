# SPDX-License-Identifier: Apache-2.0
"""A misspelling in a binding is told, and no script that it meant is left out in silence."""

from __future__ import annotations

import pytest

from tests.support.project import STAGED, Project

MISSPELT = """
models:
  - {name: customers, meta: {aft: {script: [scripts/a.py]}}}
  - {name: stg_customers, meta: {fall: {scripts: [scripts/a.py]}}}
  - name: orders
    meta: {fal: {scripts: {affter: [scripts/a.py]}}}
    columns: [{name: order_id, meta: {fal: {scripts: [scripts/a.py]}}}]
  - {name: ordrs, config: {meta: {aft: {scripts: [scripts/a.py]}}}}
  - {name: raw_orders, meta: {fal: {post-hook: [scripts/a.py]}}}
exposures:
  - {name: weekly, type: dashboard, owner: {name: me}, meta: {aft: {scripts: [scripts/a.py]}}}
"""
IN_VAIN = """
models:
  - name: unused
    config: {enabled: false}
    meta: {alt: {after: noon}, fail: [1], falcon: 1, aft: {scripts: [scripts/gone.py]}}
"""
OF_THE_RUN = "fal: {scripts: {after: [scripts/a.py]}}\n"


@pytest.fixture
def plain(project: Project) -> Project:
    """The example project, with no script bound, and a script that leaves its mark."""
    for name in ("schema.yml", "fct_customers.sql", "customers_predicted_ltvs.sql"):
        (project.folder / "models" / name).unlink()
    project.write("scripts/a.py", "open('ran', 'w')\n")
    return project


@pytest.mark.parametrize("mode", [(), STAGED])
def test_unknown_keys_stop_the_run_before_anything_is_built(
    plain: Project, mode: tuple[str, ...]
) -> None:
    plain.write("models/schema.yml", MISSPELT)
    sql = "{{ config(metta={'aft': {'scripts': ['scripts/a.py']}}) }} select 1 as id"
    plain.write("models/in_sql.sql", sql)
    before = plain.relations()
    results = plain.write("target/aft/results.json", "{}")

    run = plain.aft("dbt", "run", *mode, "--vars", "{aft: {time_out: 10m}}")

    assert run.exit_code == 2
    for problem in (
        "schema.yml: node 'customers': meta.aft: unknown key 'script' under 'aft'; "
        "did you mean 'scripts'?",
        "node 'stg_customers': the scripts under meta.fall do not run; did you mean meta.fal?",
        "unknown key 'affter' under 'scripts'; did you mean 'after'?",
        "schema.yml: exposure 'weekly': meta.aft: these scripts cannot run",
        "column 'order_id' of 'orders': meta.fal: these scripts cannot run",
        "models/schema.yml, line 8: the scripts of model 'ordrs' do not run: dbt finds no "
        "model of this name; did you mean 'orders'?",
        "line 9: the scripts of model 'raw_orders' do not run: 'raw_orders' is a seed; move "
        "them to 'seeds'",
        "in_sql.sql: model 'in_sql': the scripts under config.metta.aft do not run; did you "
        "mean config.meta?",
        "--vars: aft: unknown key 'time_out'; did you mean 'timeout'?",
    ):
        assert run.output.count(problem) == 1, run.output
    assert "START" not in run.output
    assert plain.relations() == before
    # Those of the run before, which a retry needs.
    assert results.read_text() == "{}"


@pytest.mark.parametrize("mode", [(), STAGED])
def test_scripts_that_do_not_run_are_named(plain: Project, mode: tuple[str, ...]) -> None:
    plain.write("models/unused.sql", "select 1 as id")
    plain.write("models/schema.yml", IN_VAIN + OF_THE_RUN)

    with (plain.folder / "dbt_project.yml").open("a") as file:
        file.write("vars: {aftt: {decimals: decimal}, alt: {hour: 7}}\n")

    given = "{afft: {timeout: 1m}, afk: {hour: 7}}"
    run = plain.aft("flow", "run", *mode, "-s", "stg_customers", "--vars", given)

    assert run.exit_code == 0, run.output
    for warning in (
        "the scripts of these nodes do not run because the nodes are disabled: 'unused'",
        "warning: --vars: aft reads no settings under 'afft'; did you mean 'aft'?",
        ": vars: aft reads no settings under 'aftt'; did you mean 'aft'?",
        ": run-level scripts run only with '--globals'",
    ):
        assert run.output.count(warning) == 1, run.output
    assert run.output.count("aft reads no settings") == 2
    assert not (plain.folder / "ran").exists()


def test_scripts_of_a_misspelt_place_are_refused_before_dbt_is_started(
    plain: Project,
) -> None:
    misspelt = "models: [{name: orders, metta: {aft: {scripts: [scripts/a.py]}}}]\n"
    plain.write("models/schema.yml", OF_THE_RUN + misspelt)

    run = plain.aft("dbt", "build")

    assert run.exit_code == 2
    assert (
        "aft: models/schema.yml, line 2: the scripts under 'metta: aft:' do not run; did "
        "you mean 'meta'?\n"
    ) in run.output
    assert "Running with dbt" not in run.output


@pytest.mark.parametrize("mode", [(), STAGED])
def test_a_misspelt_script_is_told_before_dbt_is_started(
    plain: Project, mode: tuple[str, ...]
) -> None:
    plain.write("models/score.py", "pass\n")
    plain.write(
        "models/schema.yml",
        "models:\n  - name: orders\n    meta:\n      fal: {scripts: [models/scroe.py]}\n",
    )

    run = plain.aft("dbt", "run", *mode)

    assert run.exit_code == 2
    assert run.output == (
        "aft: models/schema.yml, line 4: script 'models/scroe.py' does not exist; it is "
        f"looked for in '{plain.folder}/'; did you mean 'models/score.py'?\n"
    )
