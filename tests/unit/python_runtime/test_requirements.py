# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import sys
import sysconfig
from pathlib import Path

import pytest
from aft import requirements
from aft.errors import AftError

from tests.support.programs import REPOSITORY


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_python()
    monkeypatch.setattr(requirements, "OLDEST_PYTHON", (sys.version_info[0], 99))

    with pytest.raises(AftError) as error:
        requirements.require_python()

    assert str(error.value) == (
        f"Python at '{sys.executable}' is older than {sys.version_info[0]}.99; install dbt "
        "in an environment of a newer Python"
    )


def test_a_free_threaded_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sysconfig.get_config_vars(), "Py_GIL_DISABLED", 1)

    with pytest.raises(AftError) as error:
        requirements.require_python()

    assert str(error.value) == (
        f"Python at '{sys.executable}' is a free-threaded build, which aft does not support; "
        "install dbt in an environment of the usual build"
    )


def test_packages_that_are_too_old_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    requirements.require_modules()
    monkeypatch.setattr(
        requirements, "OLDEST_VERSIONS", {"pandas": (99, 0), "pyarrow": (1, 0)}
    )
    has = importlib.metadata.version("pandas")

    with pytest.raises(AftError) as error:
        requirements.require_modules()

    assert str(error.value).startswith(
        f"Python at '{sys.executable}' has pandas {has}, and aft needs pandas 99.0 or newer; "
        "install with: "
    )
    assert str(error.value).endswith(" 'pandas>=99.0'")


def test_the_oldest_versions_are_those_of_the_wheel() -> None:
    wheel = (REPOSITORY / "pyproject.toml").read_text()
    for package, oldest in requirements.OLDEST_VERSIONS.items():
        assert f'"{package}>={oldest[0]}.{oldest[1]}"' in wheel


@pytest.mark.parametrize(
    ("mark", "text", "command"),
    [
        ("env/pipx_metadata.json", "{}", "pipx inject env numpy PyYAML"),
        (
            "env/uv-receipt.toml",
            "[tool]\nrequirements = [\n"
            '    { name = "dbt-core", extras = ["a"], specifier = "==1.10.*" },\n'
            '    { name = "dbt-sqlite" },\n]\n'
            'entrypoints = [\n    { name = "dbt", from = "dbt-core" },\n]\n',
            "uv tool install 'dbt-core==1.10.*' --with dbt-sqlite --with numpy --with PyYAML",
        ),
        ("env/uv-receipt.toml", "", "uv tool install env --with numpy --with PyYAML"),
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

    told = requirements.how_to_install(["numpy", "PyYAML"])

    assert told == "install with: " + command.format(tmp_path)


def test_nothing_is_installed_into_the_python_of_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))

    assert requirements.how_to_install(["numpy"]) == (
        "install dbt and them in a virtual environment, since this Python is the system's"
    )
