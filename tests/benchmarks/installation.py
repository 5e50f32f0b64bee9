# SPDX-License-Identifier: Apache-2.0
"""What the wheel in build/dist needs: room, libraries, and time until its first run ends."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from zipfile import ZipFile

from tests.benchmarks.measure import print_machine, print_table, seconds_of
from tests.support.programs import BUILD, REPOSITORY
from tests.support.project import Project


def environment_with_dbt(folder: Path) -> Path:
    """The programs of an environment that has dbt and pandas, and pip, but not aft."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    requirements = REPOSITORY / "packaging" / "requirements.txt"
    uv = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet"]
    python = ["--python", str(folder / "bin" / "python"), "--compile-bytecode"]
    subprocess.run([*uv, *python, "-r", str(requirements)], check=True)
    return folder / "bin"


def first_run(wheel: Path, programs: Path, folder: Path) -> tuple[float, float]:
    """Seconds of `pip install`, and of the first build of the example after it."""
    project = Project.jaffle_shop(folder)
    pip = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check"]
    installed = seconds_of([*pip, "install", "--no-index", str(wheel)], project.folder)
    built = seconds_of([str(programs / "aft"), "dbt", "build"], project.folder)
    return installed, built


def needs(wheel: Path, folder: Path) -> tuple[list[str], str]:
    """The libraries that its binaries load, and the newest version of libc's symbols."""
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    files = [file for file in folder.rglob("*") if file.is_file()]
    binaries = [str(file) for file in files if file.read_bytes().startswith(b"\x7fELF")]
    read = ["readelf", "--wide", "--dynamic", "--version-info", *binaries]
    listed = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    libraries = sorted(set(re.findall(r"\(NEEDED\).*\[(.*)\]", listed)))
    versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", listed)
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return libraries, f"GLIBC_{major}.{minor}"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    wheel = next((BUILD / "dist").glob("dbt_aft-*.whl"), None)
    if wheel is None:
        sys.exit("there is no wheel; run packaging/wheel")
    print_machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        libraries, newest = needs(wheel, folder / "wheel")
        programs = environment_with_dbt(folder / "venv")
        runs = [first_run(wheel, programs, folder / "shop-0")]
        for number in range(1, rounds):
            uninstall = [
                str(programs / "python"),
                "-m",
                "pip",
                "uninstall",
                "--yes",
                "dbt-aft",
            ]
            seconds_of(uninstall, folder)
            runs.append(first_run(wheel, programs, folder / f"shop-{number}"))
        helps = [seconds_of([str(programs / "aft"), "--help"], folder) for _ in range(50)]
    installs, builds = zip(*runs, strict=True)
    print_table(
        ("", "median"),
        [
            ("wheel (MB)", f"{wheel.stat().st_size / 1e6:.2f}"),
            ("`pip install` (s)", f"{median(installs):.2f}"),
            ("the first build of the example (s)", f"{median(builds):.2f}"),
            ("both (s)", f"{median(map(sum, runs)):.2f}"),
            ("`aft --help` (ms)", f"{median(helps) * 1000:.1f}"),
        ],
    )
    print(f"\nIt needs {', '.join(libraries)}, with symbols up to {newest}.")


if __name__ == "__main__":
    main()
