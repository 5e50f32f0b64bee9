# SPDX-License-Identifier: Apache-2.0
"""Python environments for scripts: built once, and kept in the user's cache.

An environment is known by what it is made of, so that equal definitions of several
projects share it. A lock keeps two runs from building the same one at a time; one whose
building was cut short is thrown away and built again.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from aft.errors import AftError
from aft.requirements import REQUIRED_MODULES

Say = Callable[[str], None]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_DONE = "aft-environment-is-complete"
_KEPT_LINES = 10


@dataclass(frozen=True)
class Environment:
    """What an entry of fal_project.yml says: type is `venv` or `conda`."""

    name: str
    type: str
    packages: Sequence[str]

    @property
    def key(self) -> str:
        """The same for all definitions that give the same environment."""
        made_of: dict[str, object] = {
            "type": self.type,
            "packages": sorted({package.strip() for package in self.packages}),
            "platform": sysconfig.get_platform(),
        }
        if self.type == "venv":
            made_of["python"] = [sys.implementation.cache_tag, _base_python()]
        text = json.dumps(made_of, sort_keys=True)
        return f"{self.type}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def cache_folder() -> Path:
    """Where environments are kept: `aft/environments` in the user's cache folder."""
    # XDG Base Directory Specification: a relative path is to be ignored.
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    return base / "aft" / "environments"


def find(environment: Environment) -> Path | None:
    """The interpreter of an environment that has been built, or None."""
    folder = cache_folder() / environment.key
    python = folder / "bin" / "python"
    return python if (folder / _DONE).is_file() and os.access(python, os.X_OK) else None


def provide(environment: Environment, say: Say) -> Path:
    """The interpreter of ``environment``, which is built where it is not there yet.

    ``say`` gets lines about the progress. Raises AftError with the builder's own words.
    """
    try:
        with _locked(environment, say):
            return find(environment) or _build(environment, say)
    except OSError as error:
        raise AftError(
            f"cannot keep environments in '{cache_folder()}': {error.strerror}; set "
            "XDG_CACHE_HOME to a folder that can be written to"
        ) from None


@contextmanager
def _locked(environment: Environment, say: Say) -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    lock = os.open(cache_folder() / f"{environment.key}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that builds it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _build(environment: Environment, say: Say) -> Path:
    folder = cache_folder() / environment.key
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if environment.type == "conda":
            _build_conda(environment, folder, say)
        else:
            _build_venv(environment, folder, say)
        (folder / _DONE).touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say("ready")
    return folder / "bin" / "python"


def _build_venv(environment: Environment, folder: Path, say: Say) -> None:
    uv = shutil.which("uv", path=_search_path())
    python = folder / "bin" / "python"
    say(f"building it with {'uv' if uv else 'pip'} in {folder}")
    with _listed(environment, [*environment.packages, *REQUIRED_MODULES.values()]) as file:
        if uv:
            _run([uv, "venv", "--quiet", "--python", _base_python(), str(folder)], say)
            install = [uv, "pip", "install", "--no-progress", "--python", str(python)]
        else:
            _run([_base_python(), "-m", "venv", str(folder)], say)
            install = [str(python), "-m", "pip", "install", "--no-input"]
            install += ["--progress-bar", "off", "--disable-pip-version-check"]
        _run([*install, "-r", file], say)


def _build_conda(environment: Environment, folder: Path, say: Say) -> None:
    home = os.environ.get("FAL_CONDA_HOME")
    conda = shutil.which("conda", path=f"{home}/bin" if home else _search_path())
    if conda is None:
        raise AftError(
            f"environment '{environment.name}' is of type 'conda', but there is no 'conda' "
            + (f"in FAL_CONDA_HOME, '{home}'" if home else "on PATH; set FAL_CONDA_HOME")
        )
    say(f"building it with conda in {folder}")
    packages = ["python", *map(str.lower, REQUIRED_MODULES.values()), *environment.packages]
    with _listed(environment, packages) as file:
        create = [conda, "create", "--yes", "--quiet", "--prefix", str(folder)]
        _run([*create, "--file", file], say)


@contextmanager
def _listed(environment: Environment, packages: Sequence[str]) -> Iterator[str]:
    """The name of a file that lists ``packages``.

    An address among them may have a password in it, which must not be in an argument. If
    this process is killed, the next one that builds the environment removes the file.
    """
    file = cache_folder() / f"{environment.key}.txt"
    file.unlink(missing_ok=True)
    try:
        with open(
            os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8"
        ) as new:
            new.write("\n".join([*packages, ""]))
        yield str(file)
    finally:
        file.unlink(missing_ok=True)


def _run(argv: Sequence[str], say: Say) -> None:
    """Run a step and pass on what it says; none of its processes outlives this one."""
    last: list[str] = []
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        text=True,
        errors="backslashreplace",
        start_new_session=True,
        preexec_fn=_die_with_parent,
    ) as step:
        try:
            assert step.stdout is not None
            for line in step.stdout:
                say(line.rstrip())
                last = [*last[-_KEPT_LINES + 1 :], line.rstrip()]
        except BaseException:
            os.killpg(step.pid, signal.SIGKILL)
            raise
    if step.returncode != 0:
        words = "\n".join(filter(None, last))
        raise AftError(f"'{Path(argv[0]).name}' has failed with: {words}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _search_path() -> str:
    """PATH, with the folder of dbt's own programs first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _base_python() -> str:
    """The interpreter that this one's virtual environment was made with."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def end_on_sigterm() -> None:
    """Let SIGTERM end this process by an exception, which cleans up."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise SystemExit(1)

    signal.signal(signal.SIGTERM, end)
