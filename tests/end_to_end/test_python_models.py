# SPDX-License-Identifier: Apache-2.0
"""Files of Python that are models: dbt sees each as an ephemeral model, by a placeholder."""

from __future__ import annotations

import json

import pytest

from tests.support.project import STAGED, Project

MODES = pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
VALUE = '''
"""What each customer has paid.

{{ config(alias="values_of_customers") }}
"""
orders = ref("orders")
paid = orders.groupby("customer_id", as_index=False)["amount"].sum()
write_to_model(paid)
'''
REPORT = "select count(*) as n from {{ ref('value') }}"
DESCRIBED = """
models:
  - name: value
    description: From Python.
    meta: {owner: ann, fal: {post-hook: [hook.py]}}
    columns:
      - {name: customer_id, tests: [unique]}
"""
FILE = "fal_models/sub/value.py"
GENERATED = "models/aft_generated/sub/value.sql"


def add_value(project: Project) -> None:
    project.write(FILE, VALUE)
    project.write("models/report.sql", REPORT)
    project.write("models/value.yml", DESCRIBED)
    project.write("hook.py", "print(context.current_model.meta)\n")


@MODES
def test_a_python_model_is_a_node_like_any_other(
    project: Project, mode: tuple[str, ...]
) -> None:
    add_value(project)

    run = project.aft("dbt", "build", "-s", "+report", *mode)

    assert run.exit_code == 0, run.output
    order = [
        run.line("OK created sql table model main.orders"),
        run.line(f"OK ran script {FILE} after value"),
        run.line("OK ran post-hook hook.py of value"),
        run.line("OK created sql table model main.report"),
    ]
    assert order == sorted(order)
    assert "hook.py | {'owner': 'ann'}" in run.output
    assert "PASS unique_value_customer_id" in run.output
    written = project.query("select count(*) from values_of_customers")
    assert project.query("select n from report") == written != [(0,)]
    if mode:
        return

    # A selection by the file's name runs that alone; plain dbt sees the model, too.
    project.query("delete from values_of_customers")
    run = project.aft("dbt", "run", "-s", FILE)
    assert run.exit_code == 0, run.output
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output
    assert "created" not in run.output
    assert project.query("select count(*) from values_of_customers") == written
    listed = project.dbt("ls", "-s", "+value", "--resource-type", "model")
    assert "jaffle_shop.aft_generated.sub.value" in listed.output.splitlines()
    assert "jaffle_shop.orders" in listed.output.splitlines()

    # Every command that starts dbt keeps the placeholder up to date.
    (project.folder / FILE).unlink()
    project.write("models/value.yml", "")
    project.write("models/report.sql", "select 1 as n")
    assert project.aft("dbt", "ls").exit_code == 0
    assert not (project.folder / GENERATED).exists()


def test_what_is_wrong_with_python_models_is_told_before_dbt_starts(project: Project) -> None:
    add_value(project)
    project.write("fal_models/orders.py", "write_to_model(ref('customers'))\n")
    project.write("fal_models/value.py", VALUE)
    project.write("fal_models/broken.py", "a = = 1\n")
    project.write("fal_models/silent.py", "ref(name)\n")

    run = project.aft("dbt", "run")

    assert run.exit_code != 0
    told = [line for line in run.output.splitlines() if line.startswith("aft: ")]
    assert told == [
        "aft: fal_models/broken.py, line 1: invalid syntax",
        "aft: fal_models/silent.py: a Python model has to call write_to_model(), or to "
        "define model(dbt, session); a module that models import belongs in another folder",
        f"aft: '{FILE}' and 'fal_models/value.py' both are the model 'value'; rename one of "
        "them",
        "aft: 'fal_models/orders.py' and 'models/orders.sql' both are the model 'orders'; "
        "rename one of them",
    ]
    assert "Running with dbt" not in run.output


def test_a_python_model_fails_as_any_script_and_is_retried(project: Project) -> None:
    add_value(project)
    (project.folder / FILE).unlink()
    file = "elsewhere/value.py"
    project.write(file, VALUE + "1 / 0\n")
    folders = "{fal-models-paths: [fal_models, elsewhere]}"

    run = project.aft("dbt", "run", "-s", "+report", "--vars", folders)

    assert run.exit_code == 1
    assert f"ERROR in script {file} after value" in run.output
    assert project.statuses()["report"] == "skipped"

    project.write(file, VALUE)
    run = project.aft("dbt", "retry")
    assert run.exit_code == 0, run.output
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text())
    node = manifest["nodes"]["model.jaffle_shop.value"]
    assert node["depends_on"]["nodes"] == ["model.jaffle_shop.orders"]
    assert project.query("select n from report") != [(0,)]
