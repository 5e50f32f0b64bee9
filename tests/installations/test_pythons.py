# SPDX-License-Identifier: Apache-2.0
"""One wheel for each version of CPython, and what it needs of the system."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.installations.conftest import NEWEST_PYTHON, SCRIPT, UV, WHEEL, Machine
from tests.support.programs import JAFFLE_SHOP
from tests.support.project import Project

PYTHONS = {
    python.parents[1].name: python
    for python in Path.home().glob(".pyenv/versions/3.*/bin/python3")
}
SUPPORTED = sorted(version for version in PYTHONS if int(version.split(".")[1]) >= 9)
# The first line of a script that reads a frame of polars.
READ_POLARS = 'print("polars has", ref("orders", frame="polars").height, "orders")\n'
# libc's own, and libgcc_s, without which libc cannot end a thread.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}

pytestmark = pytest.mark.skipif(WHEEL is None, reason="there is no wheel; run packaging/wheel")


@pytest.mark.matrix
@pytest.mark.parametrize("version", SUPPORTED)
def test_the_example_runs_in_each_python(version: str, tmp_path: Path) -> None:
    packages = (f"{WHEEL}[polars]", "dbt-core~=1.10.0", "dbt-sqlite~=1.10.0")
    programs = _environment(tmp_path, PYTHONS[version], *packages)
    shop = Project.jaffle_shop(tmp_path / "shop")
    shop.write(SCRIPT, READ_POLARS + (shop.folder / SCRIPT).read_text())

    run = shop.run(f"{programs}/aft", "dbt", "build", "--aft-dbt", f"{programs}/dbt")

    assert run.exit_code == 0, run.output
    assert "| polars has 268 orders\n" in run.output
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output


@pytest.mark.matrix
def test_the_example_runs_in_the_newest_python(bare_machine: Callable[..., Machine]) -> None:
    debian = bare_machine(NEWEST_PYTHON, UV)
    install = "uv pip install --quiet --no-cache --python venv/bin/python"
    # No dbt before 1.12 runs in this Python, and dbt-sqlite asks for an older one.
    debian.install(f"""
        uv venv --quiet --python /usr/bin/python3.14 venv &&
        {install} '{WHEEL}[polars]' dbt-core~=1.12.0 \\
            --overrides <(echo "dbt-core-experimental-parser; python_version < '3'") &&
        {install} --no-deps dbt-sqlite~=1.10.0 &&
        cp --recursive '{JAFFLE_SHOP}' shop
    """)
    script = debian.changes / "home" / "ann" / "shop" / SCRIPT
    script.write_text(READ_POLARS + script.read_text())

    run = debian.run("~/venv/bin/aft dbt build", folder="~/shop")

    assert run.exit_code == 0, run.output
    assert "| polars has 268 orders\n" in run.output
    assert "Scripts: PASS=1 ERROR=0 SKIP=0 TOTAL=1" in run.output


def test_the_wheel_is_small_and_needs_no_library_but_libc(tmp_path: Path) -> None:
    assert WHEEL is not None
    with ZipFile(WHEEL) as wheel:
        wheel.extractall(tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    binaries = [str(file) for file in files if file.read_bytes().startswith(b"\x7fELF")]

    read = ["readelf", "--dynamic", "--wide", *binaries]
    listed = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    entries = [line for line in listed.splitlines() if "(NEEDED)" in line]
    needed = {entry.partition("[")[2].rstrip("]") for entry in entries}

    assert len(binaries) == 5
    assert needed == LIBRARIES
    assert WHEEL.stat().st_size < 4_000_000


def _environment(folder: Path, python: Path, *packages: str) -> Path:
    """The programs of a virtual environment with these packages."""
    made = folder / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", python, made], check=True)
    install = [str(UV), "pip", "install", "--quiet", "--python", f"{made}/bin/python"]
    subprocess.run([*install, *packages], check=True)
    return made / "bin"
