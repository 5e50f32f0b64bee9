# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, folders that can't be written to, files of other versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.example import LTV
from tests.support.nobody import AS_NOBODY, NOBODY
from tests.support.programs import AFT, DBT
from tests.support.project import Project


@pytest.fixture
def small_disk(shop: Project, tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB for the results, which the test fills; dbt's own go elsewhere."""
    folder = shop.folder / "target" / "aft"
    shutil.copytree(folder, tmp_path / "results")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    shutil.copytree(tmp_path / "results", folder, dirs_exist_ok=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, but: int) -> None:
    """Leave ``but`` bytes of a disk."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize
    with (folder / "ballast").open("wb") as file:
        file.write(bytes(max(0, free - but)))


@pytest.mark.parametrize("left", [0, 8192])
def test_a_full_disk_leaves_no_cut_results(shop: Project, small_disk: Path, left: int) -> None:
    before = (small_disk / "results.json").read_text()
    fill(small_disk, left)

    run = shop.aft("dbt", "run")

    # The tables are there all the same; what could not be kept is said.
    assert shop.query(f"select count(*) from {LTV}") == [(100,)]
    text = (small_disk / "results.json").read_text()
    json.loads(text)
    (entry,) = shop.results()
    is_kept = text != before and entry["status"] == "success"
    assert run.exit_code == (0 if is_kept else 1), run.output
    assert is_kept or "No space left on device" in run.output
    (small_disk / "ballast").unlink()
    again = shop.aft("dbt", "run")
    assert again.exit_code == 0, again.output
    (entry,) = shop.results()
    assert entry["status"] == "success"


def test_results_go_where_dbt_puts_its_own(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "anderswo ü"

    run = project.aft("dbt", "run", "--target-path", str(elsewhere))

    assert run.exit_code == 0, run.output
    document = json.loads((elsewhere / "aft" / "results.json").read_text())
    assert [entry["status"] for entry in document["results"]] == ["success"]
    assert not (project.folder / "target" / "aft").exists()


def test_a_project_that_cannot_be_written_to_works_with_a_target_elsewhere(
    built: Path, short_folder: Path
) -> None:
    """As an ordinary user, for root may write anywhere."""
    if os.getuid() != 0:
        pytest.skip("needs root to run as another user")
    short_folder.chmod(0o755)
    project = Project(short_folder / "project")
    # Where dbt has been told that the scripts are no models, which takes a file.
    shutil.copytree(built, project.folder)
    writable = short_folder / "writable"
    writable.mkdir()
    (project.folder / "jaffle_shop.db").rename(writable / "jaffle_shop.db")
    for path in (writable, writable / "jaffle_shop.db"):
        os.chown(path, NOBODY, NOBODY)
    command = [AFT, "dbt", "run", "--aft-dbt", DBT, "--target-path", writable]
    command += ["--log-path", writable]

    run = subprocess.run(
        [*AS_NOBODY, *command],
        cwd=project.folder,
        env=project.environment
        | dict.fromkeys(("JAFFLE_SHOP_FOLDER", "HOME", "TMPDIR"), str(writable)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    document = json.loads((writable / "aft" / "results.json").read_text())
    assert [entry["status"] for entry in document["results"]] == ["success"]


@pytest.mark.parametrize("text", ["", '{"results": 3}'])
def test_results_of_another_version_are_replaced(project: Project, text: str) -> None:
    for name in ("results.json", "journal.jsonl"):
        project.write(f"target/aft/{name}", text)

    run = project.aft("dbt", "run", "-s", "+customers_predicted_ltvs")

    assert run.exit_code == 0, run.output
    (entry,) = project.results()
    assert entry["status"] == "success"


@pytest.mark.parametrize("text", ["{", '{"metadata": {}, "nodes": {"a": 1}}'])
def test_a_manifest_that_dbt_left_before_is_not_read(project: Project, text: str) -> None:
    project.write("target/manifest.json", text)
    project.write("target/run_results.json", text)

    run = project.aft("dbt", "run", "-s", "+customers_predicted_ltvs")

    assert run.exit_code == 0, run.output
