# SPDX-License-Identifier: Apache-2.0
"""Bindings that are wrong stop the run before dbt builds anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.example import LTV
from tests.support.programs import AFT, DBT
from tests.support.project import STAGED, Project

BINDING_MACRO = """
{% macro bound() %}
{{ return({'aft': {'scripts': {'after': ['scripts/say.py']}}}) }}
{% endmacro %}
"""


@pytest.mark.parametrize(
    ("scripts", "message"),
    [
        (
            ["scripts/missing.py"],
            ": script 'scripts/missing.py' does not exist; it is looked for in",
        ),
        (
            {"afetr": ["scripts/a.py"]},
            "node 'orders': meta.aft: unknown key 'afetr' under 'scripts'; did you mean "
            "'after'?",
        ),
        (["../outside.py"], "script '../outside.py' lies outside the project"),
        (["scripts"], "script 'scripts' is not a regular file"),
        (
            [{"path": "scripts/a.py", "timeout": "soon"}],
            "script 'scripts/a.py': 'timeout' is 'soon', which is not a duration",
        ),
    ],
)
def test_a_wrong_binding_is_named_before_anything_is_built(
    project: Project, scripts: Any, message: str
) -> None:
    project.write("scripts/a.py", "")
    project.write("../outside.py", "")
    project.bind("orders", scripts)
    before = project.relations()

    run = project.aft("dbt", "run")

    assert run.exit_code == 2
    assert message in run.output
    assert "START" not in run.output
    assert project.relations() == before


def test_all_wrong_bindings_are_named_at_once(project: Project) -> None:
    project.bind("orders", ["scripts/one.py"])
    project.bind("customers", ["scripts/two.py"])

    output = project.aft("dbt", "run").output

    assert "script 'scripts/one.py' does not exist" in output
    assert "script 'scripts/two.py' does not exist" in output


def test_a_missing_driver_is_named_before_anything_is_built(
    project: Project,
) -> None:
    before = project.relations()

    empty = project.folder / "empty"
    empty.mkdir()

    run = project.aft("dbt", "run", environment={"ODBCSYSINI": str(empty)})

    assert run.exit_code == 2
    assert (
        "cannot run scripts: cannot find the ODBC driver 'SQLite3' among those installed "
        "(none); on Debian and Ubuntu: apt-get install libsqliteodbc"
    ) in run.output
    assert project.relations() == before


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_a_connection_for_the_default_target_is_not_for_another(
    project: Project, mode: tuple[str, ...]
) -> None:
    given = f"Driver=SQLite3;Database={project.folder}/jaffle_shop.db"
    before = project.relations()

    run = project.aft(
        *("dbt", "build", "--target", "other", *mode),
        environment={"AFT_ODBC_CONNECTION": given},
    )

    assert run.exit_code == 0, run.output
    assert "customers_predicted_ltvs" in project.relations("other.db")
    assert project.relations() == before


def test_scripts_of_a_package_run_only_if_it_is_allowed(project: Project) -> None:
    package = project.folder / "dbt_packages" / "helpful"
    project.write("packages.yml", "packages: []\n")
    project.write(
        "dbt_packages/helpful/dbt_project.yml",
        "name: helpful\nversion: '1.0'\nprofile: jaffle_shop\n",
    )
    project.write("dbt_packages/helpful/models/theirs.sql", "select 1 as id")
    project.write("dbt_packages/helpful/evil.py", "open('touched', 'w')\n")
    project.write(
        "dbt_packages/helpful/models/schema.yml",
        "models: [{name: theirs, meta: {fal: {scripts: [evil.py]}}}]\n",
    )
    assert package.exists()

    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert "The scripts that package 'helpful' binds to node 'theirs' do not run" in run.output
    assert "theirs" in project.relations()
    touched = project.folder / "touched"
    assert not touched.exists()

    with (project.folder / "dbt_project.yml").open("a") as file:
        file.write("\nvars: {aft: {packages: [helpful]}}\n")
    for mode in ((), STAGED):
        run = project.aft("dbt", "run", "--select", "theirs", *mode)
        assert run.exit_code == 0, run.output
        touched.unlink()


def test_files_named_as_modules_of_python_do_not_shadow_them(project: Project) -> None:
    for name in ("json", "socket", "aft", "sitecustomize", "pandas"):
        project.write(f"{name}.py", f"raise ImportError('shadowed {name}')\n")

    run = project.aft("dbt", "run", environment={"PYTHONSAFEPATH": ""})

    assert run.exit_code == 0, run.output


def test_a_manifest_that_is_not_written_hides_no_script(project: Project) -> None:
    # No child tells of the ephemeral model.
    run = project.aft("dbt", "--no-write-json", "run", "-s", "stg_orders", LTV)

    assert run.exit_code == 2
    assert "run without '--no-write-json'" in run.output
    assert "stg_orders" not in project.relations()


def test_a_dbt_that_does_not_load_the_plugin_does_not_pass_for_success(
    project: Project,
) -> None:
    wrapper = project.write("isolated-dbt", "#!/bin/sh\nunset PYTHONPATH\nexit 0\n")
    wrapper.chmod(0o755)

    live = project.run(str(AFT), "dbt", "run", "--aft-dbt", str(wrapper), "--aft-mode", "live")
    staged = project.run(str(AFT), "dbt", "run", "--aft-dbt", str(wrapper))

    assert live.exit_code == 1
    assert "the scripts of this project did not run" in live.output
    assert staged.exit_code == 2
    assert "dbt has listed nothing, and has not said that nothing is selected" in staged.output


def test_a_script_that_only_dbt_sees_is_not_passed_over(project: Project) -> None:
    (project.folder / "models" / "schema.yml").unlink()
    project.write("scripts/say.py", "print('here')\n")
    project.write("macros/bound.sql", BINDING_MACRO)
    project.write("models/bound.sql", "{{ config(meta=bound()) }} select 1 as id")
    wrapper = project.write("isolated-dbt", f'#!/bin/sh\nunset PYTHONPATH\nexec {DBT} "$@"\n')
    wrapper.chmod(0o755)
    command = (str(AFT), "dbt", "run", "--select", "bound", "--aft-dbt", str(wrapper))

    live = project.run(*command)
    staged = project.run(*command, "--aft-mode", "staged")

    assert live.exit_code == 1
    assert "the scripts of this project did not run" in live.output
    assert "others need '--aft-mode staged'" in live.output
    assert staged.exit_code == 0, staged.output
    assert "scripts/say.py | here" in staged.output


def test_a_dbt_that_is_not_there_is_named(project: Project) -> None:
    empty = project.folder / "empty"
    empty.mkdir()

    run = project.run(str(AFT), "dbt", "run", environment={"PATH": str(empty)})
    named = project.run(str(AFT), "dbt", "run", "--aft-dbt", "nowhere/dbt")

    assert run.exit_code == named.exit_code == 2
    assert run.output.splitlines()[-1].startswith("aft: cannot find dbt: there is none in")
    assert "'nowhere/dbt', given by --aft-dbt, is not an executable file" in named.output


def test_folders_that_are_templates_are_those_that_dbt_uses(project: Project) -> None:
    file = project.folder / "dbt_project.yml"
    models, target = "{{ var('models', 'models') }}", "out_{{ target.name }}"
    file.write_text(f'{file.read_text()}model-paths: ["{models}"]\ntarget-path: "{target}"\n')

    run = project.aft("dbt", "run")
    assert run.exit_code == 0, run.output
    assert (project.folder / "out_dev/aft/results.json").exists()
    assert not (project.folder / "target/aft").exists()

    file.write_text(file.read_text().replace("target.name", "flags.NONE"))
    refused = project.aft("dbt", "run")
    assert refused.exit_code == 2
    assert "cannot render 'target-path' of dbt_project.yml: 'flags' is undef" in refused.output
    assert "START" not in refused.output
