# SPDX-License-Identifier: Apache-2.0
"""`aft debug` says what scripts will need and what they lack."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.cgroups import can_use_groups, usable_place
from tests.support.installations import virtual_environment
from tests.support.programs import AFT, DBT
from tests.support.project import Project, Run


def line(run: Run, name: str) -> str:
    """What the report says under a name."""
    found = re.search(rf"^  {re.escape(name)}: +(.*)$", run.output, re.MULTILINE)
    assert found, run.output
    return found[1]


def check_limits(run: Run) -> None:
    """What is said to hold memory and to kill is what this machine allows."""
    if not can_use_groups():
        assert line(run, "memory limits") == "RLIMIT_DATA, for each process of a script"
        assert line(run, "end of a script") == "its process group and its orphans are killed"
        assert line(run, "cgroup v2").startswith("not used: ")
        return
    place = usable_place()
    assert line(run, "memory limits") == (
        "RLIMIT_DATA, for each process of a script"
        if place.why_no_memory
        else "cgroup v2, for all processes of a script together"
    )
    assert line(run, "end of a script") == "cgroup v2, which kills all its processes"
    assert line(run, "cgroup v2").startswith(f"used in '{place.folder}'")


def test_a_project_that_will_work_passes(project: Project) -> None:
    built = project.aft("dbt", "run")
    assert built.exit_code == 0, built.output
    tables = project.relations()

    run = project.aft("debug")

    assert run.exit_code == 0, run.output
    assert run.output.endswith("All checks passed\n")
    assert line(run, "version").startswith("OK, dbt-core 1.")
    assert "pandas" in line(run, "packages")
    assert line(run, "scripts start") == "as forks of a warm process"
    check_limits(run)
    assert line(run, "target") == "OK, 'dev' of profile 'jaffle_shop', type sqlite"
    assert line(run, "connection") == "OK, SQLite"
    assert line(run, "write to main") == "OK, made a table and dropped it"
    assert line(run, 'read main."orders"') == "OK, 5 columns"
    assert project.relations() == tables


def test_all_that_is_wrong_is_named(project: Project) -> None:
    project.write("fal_project.yml", "environments:\n- {name: ml, type: poetry}\n")

    run = project.aft("debug", environment={"AFT_ODBC_CONNECTION": "Driver=Nonesuch;PWD=s3"})

    assert run.exit_code == 1
    assert "line 2: environment 'ml' has the unknown type" in line(run, "fal_project.yml")
    assert "Can't open lib 'Nonesuch'" in line(run, "connection")
    assert "s3" not in run.output
    assert run.output.endswith("Problems: 2\n")


def test_environments_are_listed(project: Project) -> None:
    project.write("fal_project.yml", "environments:\n- {name: ml, type: venv}\n")

    run = project.aft("debug")

    assert run.exit_code == 0, run.output
    assert line(run, "ml").endswith(("to be built at the next run", "/bin/python"))


def test_what_it_looks_at_is_what_a_run_would_use(project: Project, tmp_path: Path) -> None:
    profile = (project.folder / "profiles.yml").read_text().replace("dev", "prod")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "profiles.yml").write_text(
        profile.replace("jaffle_shop:", "other:")
    )

    by_option = project.aft("debug", "-t", "nonesuch")
    by_variable = project.aft(
        "debug",
        environment={
            "DBT_TARGET": "prod",
            "DBT_PROFILE": "other",
            "DBT_PROFILES_DIR": str(tmp_path / "profiles"),
        },
    )
    # dbt looks in the working folder and in ~/.dbt.
    home = {"HOME": str(tmp_path)}
    elsewhere = ("debug", "--project-dir", str(project.folder))
    from_elsewhere = project.aft(*elsewhere, cwd=tmp_path, environment=home)

    assert by_option.exit_code == 1
    assert "nonesuch" in line(by_option, "target")
    assert line(by_variable, "target") == "OK, 'prod' of profile 'other', type sqlite"
    assert from_elsewhere.exit_code == 1
    assert f"'{tmp_path}/.dbt/profiles.yml'" in line(from_elsewhere, "target")


def test_a_dbt_that_is_no_script_is_refused(project: Project) -> None:
    run = project.run(str(AFT), "debug", "--aft-dbt", "/bin/true")

    assert run.exit_code == 2
    assert "cannot tell which Python runs '/bin/true'" in run.output


def test_a_package_that_is_missing_is_named(project: Project, tmp_path: Path) -> None:
    dbt = virtual_environment(tmp_path / "env", without=("pyarrow", "yaml"))

    run = project.run(str(AFT), "debug", "--aft-dbt", str(dbt))

    assert run.exit_code == 1
    python = tmp_path / "env" / "bin" / "python"
    assert line(run, "packages") == (
        f"ERROR: Python at '{python}' lacks yaml and pyarrow; install with: "
        f"{python} -m pip install PyYAML pyarrow"
    )
    assert run.output.endswith("Problems: 1\n")


def test_nobody_has_to_read_it_all(project: Project) -> None:
    command = f"'{AFT}' debug --aft-dbt '{DBT}' | head -n 1"

    run = project.run("bash", "-c", f"set -o pipefail; {command}")

    # The exit code is that of a program which dies of SIGPIPE.
    assert (run.exit_code, run.output) == (141, "dbt\n")
