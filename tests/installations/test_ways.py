# SPDX-License-Identifier: Apache-2.0
"""Each way to install aft, on a bare Debian: the example runs on SQLite and PostgreSQL."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installations.conftest import (
    DIST,
    PIPX,
    SCRIPT,
    SOURCES,
    UV,
    VENV,
    WHEEL,
    Machine,
)
from tests.support.programs import REPOSITORY
from tests.support.project import Run

Make = Callable[..., Machine]
OTHER_PYTHONS = sorted(Path.home().glob(".pyenv/versions/3.1[23].*/bin/python3"))


def check(runs: list[Run]) -> None:
    """All of the example was built, with its script."""
    for run in runs:
        assert run.exit_code == 0, run.output
        assert "| predicted the value of 100 customers" in run.output
        assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output


def compiled_objects() -> Path:
    """The folder of ccache, which may be empty."""
    asked = subprocess.run(
        ["ccache", "--get-config", "cache_dir"], capture_output=True, text=True, check=True
    )
    folder = Path(asked.stdout.strip())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_pip_installs_it_in_dbts_environment(machine: Make) -> None:
    debian = machine(VENV)
    debian.install(f"venv/bin/pip install --quiet --no-index '{WHEEL}'")

    check(debian.build_example("~/venv/bin/aft", dbt="~/venv/bin/dbt"))

    imports = "import aft, aft._aft, aft._secrets; print(aft.__version__)"
    imported = debian.run(f"venv/bin/python -c '{imports}'")
    assert imported.output == debian.run("venv/bin/aft --version").output.split()[-1] + "\n"


@pytest.mark.matrix
def test_pip_compiles_the_source_distribution(machine: Make) -> None:
    page = (REPOSITORY / "docs" / "install.md").read_text()
    compilers = re.search(r"^\$ sudo (apt-get install g\+\+ .*)$", page, re.M)
    assert compilers is not None
    cache = compiled_objects()
    debian = machine(VENV, cache)
    # With this CMake the flags are those of the wheel's build, whose objects ccache then has.
    install = f"{compilers[1]} cmake ninja-build ccache -y -qq --no-install-recommends"
    debian.install(install, user="root")

    debian.install(
        f"""
        export CCACHE_DIR='{cache}' CCACHE_BASEDIR=/tmp CCACHE_NOHASHDIR=true
        export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
        export CC=cc CXX=c++ CMAKE_ARGS=-DCMAKE_COMPILE_WARNING_AS_ERROR=ON
        SKBUILD_BUILD_DIR=build /home/ann/venv/bin/pip install --quiet '{SOURCES}'
        """,
        user="root",
        patience=1800,
    )

    check(debian.build_example("~/venv/bin/aft", dbt="~/venv/bin/dbt"))


def test_unixodbc_is_asked_for_by_name_where_it_is_missing(machine: Make) -> None:
    debian = machine(VENV)
    debian.install(f"venv/bin/pip install --quiet --no-index '{WHEEL}'")
    debian.install("dpkg --remove --force-depends libodbc2", user="root")

    helped = debian.run("venv/bin/aft --help")
    looked = debian.run("VIRTUAL_ENV=~/venv ~/venv/bin/aft debug", folder="~/shop")
    run = debian.run("VIRTUAL_ENV=~/venv ~/venv/bin/aft dbt build", folder="~/shop")

    assert helped.exit_code == 0, helped.output
    for refused in (looked, run):
        assert refused.exit_code in (1, 2), refused.output
        assert "cannot load unixODBC" in refused.output
        assert "apt-get install unixodbc" in refused.output
    assert "START" not in run.output


def test_a_tool_of_uvs_runs_dbts_of_other_pythons(machine: Make) -> None:
    if not OTHER_PYTHONS:
        pytest.skip("there is no other Python than Debian's")
    python = OTHER_PYTHONS[-1]
    debian = machine(VENV, UV, python.parents[1])
    says = "import aft, sys\nprint('imported', aft.__file__, 'by', sys.version_info[:2])\n"
    script = debian.changes / "home" / "ann" / "shop" / SCRIPT
    script.write_text(says + script.read_text())
    debian.install(f"uv tool install --quiet --offline --python {python} '{WHEEL}'")

    runs = debian.build_example("VIRTUAL_ENV=~/venv aft")

    check(runs)
    tool = "/home/ann/.local/share/uv/tools/dbt-aft"
    assert f"| imported {tool}/lib/aft/python/aft/__init__.py by (3, 11)\n" in runs[0].output


def test_pipx_installs_it_beside_its_dbt(machine: Make) -> None:
    debian = machine(PIPX)
    debian.install(f"pipx install --pip-args=--no-index '{WHEEL}'")

    check(debian.build_example())


def test_the_debian_package_runs_the_dbt_of_an_environment(machine: Make) -> None:
    debian = machine(VENV)
    debian.install(f"apt-get install -y -qq --no-install-recommends {DIST}/*.deb", user="root")

    check(debian.build_example("VIRTUAL_ENV=~/venv aft"))
