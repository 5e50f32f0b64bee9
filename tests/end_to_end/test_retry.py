# SPDX-License-Identifier: Apache-2.0
"""`aft dbt retry` repeats what has failed and what was kept back by it, in both modes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import textwrap
from pathlib import Path

import pytest

from tests.support.project import STAGED, Project
from tests.support.terminal import SLEEPER, RunInTerminal

NOTE = "open('ran', 'a').write({name!r} + '\\n')\n"
# Fails until somebody makes the file `mended`.
FAILS = "import os\nassert os.path.exists('mended')\n"
WRITE = (
    "import pandas as pd\n"
    "row = {'customer_id': [1], 'expected_orders': 1.0, 'predicted_ltv': 2.0}\n"
    "write_to_model(pd.DataFrame(row))\n"
)
TABLES = """
name: jaffle_shop
profile: jaffle_shop
models: {+materialized: table}
"""
# Hangs until somebody makes that file and starts it anew.
SLEEPS = "import os\nif not os.path.exists('mended'):\n" + textwrap.indent(SLEEPER, "    ")
EPHEMERAL = "{{ config(materialized='ephemeral') }} select 1 as id"

ENDLESS = "with recursive n (i) as (select 1 union all select 1 from n) select max(i) from n"


@pytest.fixture(params=["live", "staged"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(project: Project) -> Project:
    """The example project without its own script, which these tests replace."""
    for file in (project.folder / "scripts").iterdir():
        file.unlink()
    return project


@pytest.fixture
def bare(project: Project) -> Project:
    """A project without models, of which dbt has nothing to warn."""
    shutil.rmtree(project.folder / "models")
    project.write("dbt_project.yml", TABLES)
    project.write("models/schema.yml", "models: []")
    return project


def script(project: Project, name: str, body: str = "") -> str:
    """A script that notes that it ran, and then does what ``body`` says."""
    project.write(f"scripts/{name}.py", NOTE.format(name=name) + body)
    return f"scripts/{name}.py"


def ran(project: Project) -> list[str]:
    """The names of the scripts that have run since the last call."""
    file = project.folder / "ran"
    names = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return names


def test_scripts_of_an_ephemeral_model(project: Project, mode: str) -> None:
    first = script(project, "first")
    failing = script(project, "failing", FAILS)
    writing = script(project, "writing", WRITE)
    project.bind("customers_predicted_ltvs", [first, failing, writing])

    run = project.aft("dbt", "run", "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    assert ran(project) == ["first", "failing"]

    # Once more, with nothing mended: what fails is tried, and what has succeeded is not.
    again = project.aft("dbt", "retry", "--aft-mode", mode)
    assert again.exit_code == 1, again.output
    assert ran(project) == ["failing"], again.output
    assert "fct_customers" not in project.relations()
    assert project.script_statuses() == {failing: "error", writing: "skipped"}

    # Whatever was renamed meanwhile, or bound before the others, has no success yet.
    scripts = [script(project, "new"), first, script(project, "renamed", FAILS), writing]
    project.bind("customers_predicted_ltvs", scripts)
    project.write("mended", "")
    mended = project.aft("dbt", "retry", "--aft-mode", mode)
    assert mended.exit_code == 0, mended.output
    assert ran(project) == ["new", "renamed", "writing"]
    assert project.query("select count(*) from fct_customers") == [(100,)]
    assert project.statuses() == {
        "customers_predicted_ltvs": "success",
        "fct_customers": "success",
    }
    assert mended.line("OK ran script scripts/writing.py") < mended.line(
        "OK created sql table"
    )

    nothing = project.aft("dbt", "retry", "--aft-mode", mode)
    assert nothing.exit_code == 0, nothing.output
    assert "Nothing to do" in nothing.output
    assert ran(project) == []


def test_scripts_of_an_ephemeral_model_that_nothing_is_built_from(
    project: Project, mode: str
) -> None:
    project.bind("customers_predicted_ltvs", [script(project, "failing", FAILS + WRITE)])
    selection = ["--exclude", "fct_customers"]
    run = project.aft("dbt", "run", *selection, "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    assert ran(project) == ["failing"]
    shutil.copytree(project.folder / "target", project.folder / "saved")

    project.write("mended", "")
    mended = project.aft("dbt", "retry", "--aft-mode", mode)
    assert mended.exit_code == 0, mended.output
    assert ran(project) == ["failing"]
    assert "customers_predicted_ltvs" in project.relations()

    assert project.aft("dbt", "retry", "--aft-mode", mode).exit_code == 0
    assert ran(project) == []

    saved = project.aft("dbt", "retry", "--state", "saved", "--aft-mode", mode)
    assert saved.exit_code == 0, saved.output
    assert ran(project) == ["failing"]


def test_scripts_and_sql_of_tables(project: Project, mode: str) -> None:
    project.bind("orders", {"before": [script(project, "before")]})
    project.bind("customers", [script(project, "good"), script(project, "failing", FAILS)])
    project.bind("customers_predicted_ltvs", [script(project, "below", WRITE)])
    orders = project.folder / "models" / "orders.sql"
    sql = orders.read_text()
    orders.write_text(sql + "\nwhere no_such_column")

    run = project.aft("dbt", "build", "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    assert sorted(ran(project)) == ["before", "failing", "good"]

    orders.write_text(sql)
    project.write("mended", "")
    mended = project.aft("dbt", "retry", "--aft-mode", mode)
    assert mended.exit_code == 0, mended.output
    # A table that is built anew lacks what its scripts have done to it.
    assert sorted(ran(project)) == ["before", "below", "failing", "good"]
    assert set(project.script_statuses().values()) == {"success"}
    assert "model.jaffle_shop.stg_orders" not in project.run_results()


def test_results_of_another_run_are_not_taken(project: Project, mode: str) -> None:
    project.bind("customers_predicted_ltvs", [script(project, "failing", FAILS + WRITE)])
    options = ["--vars", '{"day": 1}', "--threads", "2", "--profiles-dir", "profiles"]
    (project.folder / "profiles").mkdir()
    shutil.copy(project.folder / "profiles.yml", project.folder / "profiles")
    project.aft("dbt", "run", *options, "--aft-mode", mode)
    assert project.dbt("run", "--exclude", "fct_customers").exit_code == 0
    ran(project)

    run = project.aft("dbt", "retry", "--aft-mode", mode)

    assert run.exit_code == 1, run.output
    assert (
        "aft: the scripts of 'customers_predicted_ltvs' failed or did not run, and are not "
        "repeated, because that was in another run than the one that 'dbt retry' repeats; "
        "run 'aft dbt run --select customers_predicted_ltvs+ --threads 2 --vars "
    ) in run.output
    assert ran(project) == []

    project.write("mended", "")
    command = shlex.split(run.output.split("run 'aft ")[1].strip().removesuffix("'"))
    pasted = project.aft(*command, "--aft-mode", mode)
    assert pasted.exit_code == 0, pasted.output
    assert ran(project) == ["failing"]
    metadata = json.loads((project.folder / "target/aft/results.json").read_text())["metadata"]
    assert {"threads": 2, "vars": {"day": 1}}.items() <= metadata["args"].items()
    assert Path(metadata["args"]["profiles_dir"]).name == "profiles"


def test_results_of_another_run_may_leave_it_open_what_is_to_be_repeated(
    bare: Project, mode: str
) -> None:
    bare.write("models/above.sql", EPHEMERAL)
    bare.write("models/below.sql", "select * from nowhere -- {{ ref('above') }}")
    bare.bind("above", [script(bare, "above")])
    assert bare.dbt("run").exit_code == 1

    run = bare.aft("dbt", "retry", "--aft-mode", mode)

    assert run.exit_code == 2, run.output
    assert "cannot tell whether the scripts of 'above' succeeded" in run.output
    assert "run 'aft dbt run --select above+' instead" in run.output
    assert ran(bare) == []


def test_a_chain_of_ephemeral_models(bare: Project, mode: str) -> None:
    bare.write("models/first.sql", EPHEMERAL)
    bare.write("models/second.sql", EPHEMERAL + " -- {{ ref('first') }}")
    bare.write("models/below.sql", "select 1 as id -- {{ ref('second') }}")
    bare.bind("first", [script(bare, "first", FAILS)])
    bare.bind("second", [script(bare, "second")])
    assert bare.aft("dbt", "run", "--aft-mode", mode).exit_code == 1
    assert ran(bare) == ["first"]

    again = bare.aft("dbt", "retry", "--aft-mode", mode)
    assert again.exit_code == 1, again.output
    assert ran(bare) == ["first"]

    # A run that does not begin, for it is bound to nothing, takes nothing of it away.
    bare.bind("below", ["scripts/missing.py"])
    for command in ("run", "retry"):
        refused = bare.aft("dbt", command, "--aft-mode", mode)
        assert refused.exit_code == 2, refused.output
    bare.bind("below", [])

    bare.write("mended", "")
    mended = bare.aft("dbt", "retry", "--aft-mode", mode)
    assert mended.exit_code == 0, mended.output
    assert ran(bare) == ["first", "second"]
    assert "below" in bare.relations()


def test_what_fail_fast_kept_back(bare: Project, mode: str) -> None:
    # dbt lists ephemeral models as skipped then, also the one that is done.
    bare.write("models/first.sql", EPHEMERAL)
    bare.write("models/bad.sql", "select * from nowhere -- {{ ref('first') }}")
    bare.write("models/second.sql", EPHEMERAL + " -- {{ ref('bad') }}")
    bare.write("models/below.sql", "select 1 as id -- {{ ref('second') }}")
    bare.bind("first", [script(bare, "first")])
    bare.bind("second", [script(bare, "second"), script(bare, "failing", FAILS)])

    run = bare.aft("dbt", "run", "--fail-fast", "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    assert ran(bare) == ["first"]

    bare.write("models/bad.sql", "select 1 as id -- {{ ref('first') }}")
    again = bare.aft("dbt", "retry", "--aft-mode", mode)
    assert again.exit_code == 1, again.output
    assert ran(bare) == ["second", "failing"], again.output

    bare.write("mended", "")
    mended = bare.aft("dbt", "retry", "--aft-mode", mode)
    assert mended.exit_code == 0, mended.output
    assert ran(bare) == ["failing"], mended.output
    assert {"bad", "below"} <= bare.relations()


def test_a_script_that_took_too_long_and_tests_that_failed(bare: Project, mode: str) -> None:
    hangs = "import os, time\nwhile not os.path.exists('mended'): time.sleep(0.01)\n"
    for name in ("slow", "tested"):
        bare.write(f"models/{name}.sql", "select 1 as id")
        bare.write(f"models/of_{name}.sql", f"select 1 as id -- {{{{ ref('{name}') }}}}")
        bare.bind(f"of_{name}", [script(bare, f"of_{name}")])
    bare.bind("slow", [{"path": script(bare, "slow", hangs), "timeout": "1s"}])
    bare.write("tests/fails.sql", "select * from {{ ref('tested') }}")
    bare.write("tests/warns.sql", "{{ config(severity='warn') }} select 1 as id")

    run = bare.aft("dbt", "build", "--exclude", "resource_type:seed", "--aft-mode", mode)
    assert run.exit_code == 1, run.output
    assert ran(bare) == ["slow"]
    assert bare.statuses()["warns"] == "warn"

    bare.write("mended", "")
    bare.write("tests/fails.sql", "select * from {{ ref('tested') }} where id = 2")
    mended = bare.aft("dbt", "retry", "--warn-error", "--aft-mode", mode)
    assert sorted(ran(bare)) == ["of_slow", "of_tested", "slow"], mended.output
    # What has warned is repeated then as well, and is an error.
    assert mended.exit_code == 1
    assert bare.statuses() == {
        "slow": "success",
        "of_slow": "success",
        "of_tested": "success",
        "fails": "pass",
        "warns": "fail",
    }


def add_slow(project: Project) -> None:
    """Make a model that hangs in its script, between two others."""
    project.write("models/first.sql", "select 1 as id")
    project.write("models/slow.sql", EPHEMERAL + " -- {{ ref('first') }}")
    project.write("models/of_slow.sql", "select 1 as id -- {{ ref('slow') }}")
    project.bind("first", [script(project, "first")])
    project.bind("slow", [script(project, "slow", SLEEPS)])
    project.bind("of_slow", [script(project, "of_slow")])


def kill_dbt(run: RunInTerminal) -> None:
    os.kill(run.dbt, signal.SIGKILL)
    run.wait_for_end()
    assert run.exit_code == 128 + signal.SIGKILL


def test_what_was_interrupted(bare: Project, short_folder: Path, mode: str) -> None:
    add_slow(bare)
    with RunInTerminal(bare, short_folder, "--aft-mode", mode) as run:
        os.kill(run.pid, signal.SIGINT)
        run.wait_for_end()
        assert run.exit_code not in (0, None)
    assert ran(bare) == ["first", "slow"]

    bare.write("mended", "")
    mended = bare.aft("dbt", "retry", "--aft-mode", mode)
    assert ran(bare) == ["slow"] + (["of_slow"] if mode == "staged" else []), mended.output
    # dbt itself has no results of what it had not come to, and does not repeat it.
    assert ("of_slow" in bare.relations()) == (mode == "staged")
    assert mended.exit_code == (0 if mode == "staged" else 1)
    assert ("the scripts of 'of_slow' did not run" in mended.output) == (mode == "live")
    if mode == "live":
        in_stages = bare.aft("dbt", "retry", *STAGED)
        assert in_stages.exit_code == 0, in_stages.output
        assert ran(bare) == ["of_slow"]


def test_a_dbt_killed_in_a_stage(bare: Project, short_folder: Path) -> None:
    bare.write("models/first.sql", "select 1 as id")
    bare.write("models/endless.sql", ENDLESS + " -- {{ ref('first') }}")
    bare.write("models/below.sql", EPHEMERAL + " -- {{ ref('endless') }}")
    bare.bind("first", [script(bare, "first")])
    bare.bind("below", [script(bare, "below")])
    begun = bare.folder / "target/run/jaffle_shop/models/endless.sql"
    with RunInTerminal(bare, short_folder, *STAGED, until=begun.exists) as run:
        kill_dbt(run)
    assert ran(bare) == ["first"]

    bare.write("models/endless.sql", "select 1 as id -- {{ ref('first') }}")
    mended = bare.aft("dbt", "retry", *STAGED)
    assert mended.exit_code == 0, mended.output
    assert ran(bare) == ["below"]
    assert "endless" in bare.relations()


def test_a_killed_dbt_that_was_followed_leaves_nothing_to_repeat(
    bare: Project, short_folder: Path
) -> None:
    add_slow(bare)
    with RunInTerminal(bare, short_folder) as run:
        kill_dbt(run)
    assert ran(bare) == ["first", "slow"]

    # dbt's results are of the run before that, of its seeds.
    again = bare.aft("dbt", "retry")
    assert "Nothing to do" in again.output
    for retry in (again, bare.aft("dbt", "retry", *STAGED)):
        assert retry.exit_code in (1, 2)  # dbt's own, where it has found no results.
        assert (
            retry.output.count("the scripts of 'of_slow', 'slow' failed or did not run") == 1
        )
        assert "run 'aft dbt run --select of_slow+ slow+'" in retry.output
    assert ran(bare) == []
