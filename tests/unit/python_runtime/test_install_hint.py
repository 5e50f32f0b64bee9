# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path

import pytest
from aft import install_hint

RECEIPT = '[tool]\nrequirements = [{}]\nentrypoints = [\n    {{ name = "x" }},\n]\n'
UV_TOOL = "env/uv-receipt.toml"


def receipt(*entries: str) -> str:
    """What uv writes down of a tool; several requirements stand in several lines."""
    listed = "".join(f"\n    {{ {entry} }}," for entry in entries)
    return RECEIPT.format(listed + "\n" if len(entries) > 1 else listed.strip(" ,\n"))


@pytest.mark.parametrize(
    ("mark", "text", "command"),
    [
        ("env/pipx_metadata.json", "{}", "pipx inject env numpy PyYAML"),
        (
            UV_TOOL,
            receipt(
                'name = "dbt-core", extras = ["a", "b"], specifier = "==1.10.*"',
                'name = "dbt-sqlite"',
                'name = "numpy", specifier = "<2"',
            ),
            "uv tool install 'dbt-core[a,b]==1.10.*' --with dbt-sqlite --with numpy "
            "--with PyYAML",
        ),
        (
            UV_TOOL,
            receipt('name = "dbt-aft", extras = ["pandas"], path = "/a b/aft.whl"'),
            "uv tool install '/a b/aft.whl[pandas]' --with numpy --with PyYAML",
        ),
        (
            UV_TOOL,
            receipt('name = "dbt-aft", url = "https://me:token@host/aft.whl"'),
            "uv tool install 'dbt-aft @ https://host/aft.whl' --with numpy --with PyYAML",
        ),
        (
            UV_TOOL,
            receipt('name = "dbt-aft", git = "https://token@host/aft?rev=v1"'),
            "uv tool install 'dbt-aft @ git+https://host/aft@v1' --with numpy --with PyYAML",
        ),
        (UV_TOOL, "", "uv tool install env --with numpy --with PyYAML"),
        (
            "env/conda-meta/history",
            "",
            "conda install --prefix {0}/env -c conda-forge numpy pyyaml",
        ),
        ("poetry.lock", "", "poetry add numpy PyYAML"),
        ("uv.lock", "", "uv add numpy PyYAML"),
        ("other", "", f"{sys.executable} -m pip install numpy PyYAML"),
    ],
)
def test_the_command_is_that_of_the_tool_which_made_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: str, text: str, command: str
) -> None:
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).write_text(text)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))

    told = install_hint.how_to_install(["numpy", "PyYAML"])

    assert told == "install with: " + command.format(tmp_path)


def test_pipx_does_not_inject_a_tool_into_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "dbt-core").mkdir()
    (tmp_path / "dbt-core" / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "dbt-core"))

    told = install_hint.how_to_install(["'dbt-core>=1.8'", "pandas"])

    assert told == (
        "install with: pipx install --force 'dbt-core>=1.8' && pipx inject dbt-core pandas"
    )


@pytest.mark.parametrize("has_pip", [True, False])
def test_nothing_is_installed_into_the_python_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_pip: bool
) -> None:
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: has_pip or None)

    first = "" if has_pip else "apt-get install python3-venv && "
    assert install_hint.how_to_install(["numpy"]) == (
        f"install with: {first}{sys.executable} -m venv .venv && "
        ".venv/bin/pip install dbt-core dbt-duckdb dbt-postgres dbt-sqlite numpy"
    )
