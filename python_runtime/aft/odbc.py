# SPDX-License-Identifier: Apache-2.0
"""What unixODBC is asked: which drivers there are, and for connections.

Drivers write logs where odbcinst.ini says so, as Debian's does for psqlodbc, and some
heed nothing else. unixODBC is therefore shown copies of its files that ask for none. It
reads them, and drivers do, while it connects; the environment names the copies only that
long, so that a script and what it starts have the user's own.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aft import _aft
from aft.errors import AftError, Misfit, NoLibrary, WarehouseError
from aft.secrets import secrets_of

_FOLDER_VARIABLE = "ODBCSYSINI"
_FILE_VARIABLE = "ODBCINSTINI"
_RENAMED = "drivers.ini"
_SHARED = ("odbc.ini", "ODBCDataSources")
# Lines of odbcinst.ini that make unixODBC or a driver write a log.
_LOGGING = re.compile(rb"^(\s*(?:CommLog|Debug|Trace|LogLevel|Log_Query)\s*=).*$", re.I | re.M)
_MASK = "*****"
_USUAL_FOLDER = "/etc"
_ASK_FOR_FOLDER = """
import ctypes, os
ask = ctypes.CDLL("libodbcinst.so.2").odbcinst_system_file_path
ask.restype = ctypes.c_char_p
os.write(1, ask(ctypes.create_string_buffer(4096)))
"""
# SQLSTATE class 08, connection exception.
CONNECTION_EXCEPTION = "08"


@dataclass(frozen=True)
class ConnectionSettings:
    """How to open a connection: its string, its first statements, and how often to retry.

    ``file`` is the one that the driver opens, if it has to be there before, and
    ``if_absent`` says what to do if it is not.
    """

    connection_string: str = field(repr=False)
    statements: tuple[str, ...] = ()
    retries: int = 0
    file: Path | None = None
    if_absent: str = ""


@dataclass
class _Files:
    """Where the copies are, if they have been made."""

    folder: Path | None = None
    # What the environment had, while it names the copies.
    before: dict[str, str | None] = field(default_factory=dict)
    file: str | None = None
    # unixODBC 2.3.11 does not bear two threads that load drivers.
    lock: threading.Lock = field(default_factory=threading.Lock)


_files = _Files()


def _forget_other_threads() -> None:
    """In a fork, where a thread that was connecting does not come back."""
    _files.lock = threading.Lock()
    _set(_files.before)
    _files.before = {}


os.register_at_fork(after_in_child=_forget_other_threads)


def keep_logs_off(folder: Path) -> None:
    """Have drivers write no logs, in this process and its forks.

    The copies are in ``folder``, which is made where it is missing, and has to last as
    long as they are used.
    """
    name = os.environ.get(_FILE_VARIABLE)
    if not folder.exists():
        folder.mkdir(mode=0o700)
        source = Path(os.environ.get(_FOLDER_VARIABLE) or _default_folder()).absolute()
        # Drivers themselves ask for odbcinst.ini, whatever the variable says.
        _copy_without_logs(source / "odbcinst.ini", folder / "odbcinst.ini")
        if name:
            _copy_without_logs(source / name, folder / _RENAMED)
        for shared in _SHARED:
            (folder / shared).symlink_to(source / shared)
    _files.folder, _files.file = folder, _RENAMED if name else None


def folder_without_logs() -> Path | None:
    """Where the copies are that this process uses, if it has any."""
    return _files.folder


def folder_of_host(run_dir: Path, host: int) -> Path:
    """Where a worker host keeps its copies, for the processes that it starts as well."""
    return run_dir / f"odbc-{host}"


def _copy_without_logs(original: Path, copy: Path) -> None:
    with contextlib.suppress(OSError):  # Without it there are no drivers, as is said then.
        copy.write_bytes(_LOGGING.sub(rb"\g<1>0", original.read_bytes()))


def _default_folder() -> str:
    """Where this unixODBC's files are unless the environment says otherwise.

    It may keep what it finds at first, so a process of its own asks. That is no fork: a
    program may have threads.
    """
    command = [sys.executable, "-I", "-S", "-c", _ASK_FOR_FOLDER]
    try:
        asked = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return _USUAL_FOLDER
    return os.fsdecode(asked.stdout) or _USUAL_FOLDER


@contextlib.contextmanager
def _with_own_files() -> Iterator[None]:
    with _files.lock:
        wanted = {
            _FOLDER_VARIABLE: str(_files.folder) if _files.folder else None,
            _FILE_VARIABLE: _files.file,
        }
        _files.before = {name: os.environ.get(name) for name in wanted}
        try:
            _set({name: value for name, value in wanted.items() if value})
            yield
        finally:
            _set(_files.before)
            _files.before = {}


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def load() -> None:
    """Load unixODBC, which forks then share. Raises NoLibrary."""
    try:
        _aft.load_odbc()
    except _aft.Error as error:
        raise NoLibrary(str(error)) from None


def drivers() -> dict[str, str]:
    """The drivers that unixODBC knows, by name: the file of each, or ""."""
    load()
    with _with_own_files():
        return _aft.drivers()


def data_sources() -> dict[str, str]:
    """The data sources (DSN) that unixODBC knows: the driver of each, or ""."""
    load()
    with _with_own_files():
        return _aft.data_sources()


def connect(settings: ConnectionSettings, longest_silence: int = 0) -> _aft.Connection:
    """Open a connection; see `_aft.Connection`.

    A server that can't be reached is tried again, as by dbt: at once, then after 1 s, 4 s
    and so on. Raises _aft.Error, in which nothing of the connection string is that is
    secret; AftError if unixODBC or the database's file is missing.
    """
    load()
    if settings.file is not None and not settings.file.exists():
        raise AftError(f"there is no database file '{settings.file}'; {settings.if_absent}")
    for attempt in itertools.count():
        try:
            with _with_own_files():
                return _aft.Connection(
                    settings.connection_string, list(settings.statements), longest_silence
                )
        except _aft.Error as error:
            is_over = attempt >= settings.retries
            if is_over or not (error.sqlstate or "").startswith(CONNECTION_EXCEPTION):
                raise _without_secrets(error, settings) from None
        time.sleep(attempt**2)
    raise AssertionError


def _without_secrets(error: _aft.Error, settings: ConnectionSettings) -> _aft.Error:
    secrets = secrets_of({}, settings.connection_string)
    masked = _aft.Error(secrets.masked(str(error).replace(settings.connection_string, _MASK)))
    masked.sqlstate, masked.native_code = error.sqlstate, error.native_code
    masked.function = error.function
    return masked


def in_words(error: _aft.Error) -> AftError:
    """The error as scripts know it."""
    if error.misfit is not None:
        return Misfit(str(error), error.misfit)
    if error.sqlstate is None or error.native_code is None:
        return AftError(str(error))
    return WarehouseError(str(error), error.sqlstate, error.native_code)
