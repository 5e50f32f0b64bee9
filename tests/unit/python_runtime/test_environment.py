# SPDX-License-Identifier: Apache-2.0
"""Environments are built once, by one process, and whole."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from aft import environment
from aft.environment import Environment
from aft.errors import AftError
from aft.requirements import REQUIRED_MODULES

SMALL = Environment("small", "venv", ["roman==5.1"])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    downloads = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    monkeypatch.setenv("PIP_CACHE_DIR", str(downloads / "pip"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Without what aft itself needs, which takes long to install.
    monkeypatch.setattr(environment, "REQUIRED_MODULES", {})
    return tmp_path / "aft" / "environments"


@pytest.fixture
def without_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_search_path", lambda: "/nowhere")


def ignore(line: str) -> None:
    assert line is not None


def test_equal_definitions_share_an_environment() -> None:
    same = Environment("other", "venv", [" b ", "a", "a"])
    assert Environment("ml", "venv", ["a", "b"]).key == same.key
    different = [
        Environment("ml", "venv", ["a"]),
        Environment("ml", "venv", ["a", "b==1"]),
        Environment("ml", "conda", ["a", "b"]),
    ]
    assert len({entry.key for entry in [same, *different]}) == 4


@pytest.mark.usefixtures("without_uv")
def test_without_uv_pip_builds_it() -> None:
    lines: list[str] = []

    python = environment.provide(SMALL, lines.append)

    assert lines[0] == f"building it with pip in {python.parent.parent}"
    assert any("roman" in line for line in lines)
    printed = subprocess.check_output([python, "-c", "import roman; print(roman.toRoman(4))"])
    assert printed == b"IV\n"
    again: list[str] = []
    assert environment.provide(SMALL, again.append) == python
    assert again == []


@pytest.mark.usefixtures("without_uv")
def test_what_pip_says_of_a_failure_is_said(cache: Path) -> None:
    with pytest.raises(AftError, match=r"(?s)'python' has failed with: .*aft-has-no-such"):
        environment.provide(Environment("a", "venv", ["aft-has-no-such-package"]), ignore)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_one_that_was_cut_short_is_built_again(cache: Path, without_uv: None) -> None:
    assert without_uv is None
    empty = Environment("empty", "venv", [])
    broken = cache / empty.key / "bin"
    broken.mkdir(parents=True)
    (broken / "python").symlink_to(sys.executable)

    assert environment.find(empty) is None
    assert environment.provide(empty, ignore) == environment.find(empty)


BUILD = """
from aft import environment
environment.provide(environment.Environment("geo", "conda", ["roman"]), print)
"""


def test_the_list_of_packages_does_not_stay_after_a_kill(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conda = tmp_path / "bin" / "conda"
    conda.parent.mkdir()
    conda.write_text("#!/bin/sh\nkill -KILL $PPID\n")
    conda.chmod(0o755)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("FAL_CONDA_HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    killed = subprocess.run([sys.executable, "-c", BUILD], check=False)

    assert killed.returncode == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    (left,) = cache.glob("*.txt")
    assert left.stat().st_mode & 0o777 == 0o600
    conda.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(AftError, match="'conda' has failed"):
        environment.provide(Environment("geo", "conda", ["roman"]), ignore)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_two_do_not_build_it_at_a_time(cache: Path, without_uv: None) -> None:
    assert without_uv is None
    empty = Environment("empty", "venv", [])
    cache.mkdir(parents=True)
    waits = threading.Event()
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        waits.set()

    with (cache / f"{empty.key}.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=environment.provide, args=[empty, say])
        thread.start()
        assert waits.wait(60)
        assert lines == ["waiting for another run that builds it"]
        assert environment.find(empty) is None
    thread.join(60)
    assert environment.find(empty) is not None


def test_conda_builds_what_asks_for_it(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at the command line only: conda itself is not at hand."""
    home = tmp_path / "conda"
    monkeypatch.setenv("FAL_CONDA_HOME", str(home))
    monkeypatch.setattr(environment, "REQUIRED_MODULES", REQUIRED_MODULES)
    geo = Environment("geo", "conda", ["geopandas=0.14"])
    with pytest.raises(AftError, match="there is no 'conda' in FAL_CONDA_HOME"):
        environment.provide(geo, ignore)
    command = home / "bin" / "conda"
    command.parent.mkdir(parents=True)
    command.write_text(
        f'#!/bin/sh\necho "$1 $2 $3 $4 $5 $6" $(cat "$7")\nmkdir -p {cache}/{geo.key}/bin\n'
        f"ln -s {sys.executable} {cache}/{geo.key}/bin/python\n"
    )
    command.chmod(0o755)
    lines: list[str] = []

    environment.provide(geo, lines.append)

    assert lines[1] == (
        f"create --yes --quiet --prefix {cache}/{geo.key} --file python jinja2 pyyaml "
        "pandas pyarrow geopandas=0.14"
    )


def test_a_cache_that_cannot_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    with pytest.raises(AftError, match=r"cannot keep environments in .* set XDG_CACHE_HOME"):
        environment.provide(SMALL, ignore)
