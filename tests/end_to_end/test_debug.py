# SPDX-License-Identifier: Apache-2.0
"""`aft debug` says what scripts will need and what they lack."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aft import __version__

from tests.support.cgroups import can_use_groups, usable_place
from tests.support.installations import virtual_environment
from tests.support.programs import AFT, DBT
from tests.support.project import Project, Run


def line(run: Run, name: str) -> str:
    """What the report says under a name: at the end, if that is something to mend."""
    found = re.findall(rf"^  {re.escape(name)}: +(.*)$", run.output, re.MULTILINE)
    assert found, run.output
    return str(found[-1])


def problems(run: Run) -> list[str]:
    """The names of what has to be mended."""
    _, _, end = run.output.partition("\nNot ready:\n")
    return re.findall(r"^  (\S.*?): ", end, re.MULTILINE)


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
    assert run.output.endswith("\nReady: 'aft dbt run' will run the scripts of this project\n")
    assert re.search(rf"^  version: +{__version__}, in '", run.output, re.MULTILINE)
    assert line(run, "version").startswith("OK, dbt-core 1.")
    assert "pandas" in line(run, "packages")
    assert line(run, "scripts start") == "as forks of a warm process"
    check_limits(run)
    assert line(run, "target") == "OK, 'dev' of profile 'jaffle_shop', type sqlite"
    assert re.match(r"OK, /.*/libodbc\.so", line(run, "unixODBC"))
    assert re.match(r"OK, 'SQLite3', .*libsqlite3odbc.so", line(run, "driver"))
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
    assert problems(run) == ["fal_project.yml", "connection"]


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
        f"Python at '{python}' lacks yaml and pyarrow; install with: "
        f"{python} -m pip install PyYAML pyarrow"
    )
    assert problems(run) == ["packages"]


def test_all_that_has_to_be_installed_is_named_at_once(
    project: Project, tmp_path: Path
) -> None:
    dbt = virtual_environment(tmp_path / "env", without=("pandas",))
    (tmp_path / "odbcinst.ini").touch()

    run = project.run(
        *(str(AFT), "debug", "--aft-dbt", str(dbt)),
        environment={"ODBCSYSINI": str(tmp_path)},
    )

    assert problems(run) == ["packages", "driver"], run.output
    assert line(run, "packages").endswith("-m pip install pandas")
    assert "apt-get install libsqliteodbc" in line(run, "driver")


def test_nobody_has_to_read_it_all(project: Project) -> None:
    command = f"'{AFT}' --aft-dbt '{DBT}' debug | head -n 1"

    run = project.run("bash", "-c", f"set -o pipefail; {command}")

    # The exit code is that of a program which dies of SIGPIPE.
    assert (run.exit_code, run.output) == (141, "aft\n")


@pytest.mark.parametrize("words", ["debug", "debug --help", "--help", "--version"])
def test_an_output_that_takes_nothing_is_told_in_a_line(project: Project, words: str) -> None:
    dbt = "" if words.startswith("--") else f"--aft-dbt '{DBT}'"

    run = project.run("bash", "-c", f"'{AFT}' {words} {dbt} > /dev/full")

    assert run.exit_code == 1
    (line,) = run.output.splitlines()
    assert line.startswith("aft: cannot write to standard output: No space left on device")
