# SPDX-License-Identifier: Apache-2.0
"""What unixODBC is shown, and what of its errors."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aft import _aft, odbc
from aft.odbc import ConnectionSettings

from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.programs import PACKAGES
from tests.support.servers import free_port

# Connects in a process of its own, for what unixODBC and drivers keep in theirs. Then says
# what the environment of a program is that it starts.
CONNECTS = """
import os, subprocess, sys
from pathlib import Path
from aft import odbc
odbc.keep_logs_off(Path(sys.argv[1]))
connection = odbc.connect(odbc.ConnectionSettings(sys.argv[2]))
connection.execute("select 1")
connection.close()
print(os.getpid(), sorted(odbc.drivers()), sorted(odbc.data_sources()))
subprocess.run(["sh", "-c", "echo $ODBCSYSINI $ODBCINSTINI"], check=True)
"""


def connect(folder: Path, string: str, **variables: str) -> str:
    """Connect with files kept in ``folder`` and logs expected in it; what is printed."""
    folder.mkdir(exist_ok=True)
    python_path = os.pathsep.join([str(PACKAGES), *sys.path])
    finished = subprocess.run(
        [sys.executable, "-c", CONNECTS, str(folder / "odbc"), string],
        env={**os.environ, "PYTHONPATH": python_path, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def system_files(folder: Path, driver_file: str = "odbcinst.ini") -> Path:
    """A folder as /etc is to unixODBC, in which all logs are on."""
    folder.mkdir()
    drivers = Path("/etc/odbcinst.ini").read_text()
    assert "CommLog=1" in drivers
    drivers += "\n[Mine]\nDriver=psqlodbcw.so\n"
    tracing = "[ODBC]\nTrace = Yes\nTraceFile = trace.log\n\n"
    (folder / driver_file).write_text(tracing + drivers)
    if driver_file != "odbcinst.ini":  # Which drivers read, whatever the variable says.
        (folder / "odbcinst.ini").write_text(drivers)
    (folder / "odbc.ini").write_text("[shop]\nDriver=Mine\nDebug=1\n")
    return folder


def logs(printed: str, since: Path) -> list[Path]:
    """What psqlodbc has left of the process that has printed this, after ``since`` was made.

    An older file is of another process that had the same number.
    """
    user = pwd.getpwuid(os.geteuid()).pw_name
    found = Path("/tmp").glob(f"*_{user}{printed.split()[0]}.log")
    return [path for path in found if path.stat().st_mtime_ns >= since.stat().st_ctime_ns]


@pytest.mark.parametrize("driver_file", ["odbcinst.ini", "other.ini"])
def test_no_driver_writes_a_log(
    tmp_path: Path, postgres: PostgresServer, driver_file: str
) -> None:
    system = system_files(tmp_path / "system", driver_file)
    given = {"ODBCSYSINI": str(system)}
    if driver_file != "odbcinst.ini":
        given["ODBCINSTINI"] = driver_file
    string = postgres.connection_string.replace("PostgreSQL Unicode", "Mine")
    by_source = string.replace("Driver=Mine", "DSN=shop") + ";Debug=0"
    files = sorted(system.iterdir())

    printed = connect(tmp_path / "a", string, **given)
    by_source = connect(tmp_path / "b", by_source, **given)

    assert logs(printed, system) + logs(by_source, system) == []
    assert sorted(system.iterdir()) == files
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["odbc"]
    assert "'Mine'" in printed
    assert "['shop']" in printed
    assert printed.splitlines()[-1] == " ".join(given.values())


def test_the_systems_own_files_are_copied_without_logs(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    printed = connect(tmp_path / "a", postgres.connection_string)

    assert logs(printed, tmp_path) == []
    assert printed.splitlines()[-1] == ""
    copy = (tmp_path / "a" / "odbc" / "odbcinst.ini").read_text()
    assert copy == Path("/etc/odbcinst.ini").read_text().replace("CommLog=1", "CommLog=0")


def test_the_folder_is_found_without_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ODBCSYSINI", "ODBCINSTINI"):
        monkeypatch.delenv(name, raising=False)
    # In a program with threads it could stand still.
    monkeypatch.delattr(os, "fork")
    monkeypatch.setattr(odbc, "_files", odbc._Files())

    odbc.keep_logs_off(tmp_path / "odbc")

    copy = (tmp_path / "odbc" / "odbcinst.ini").read_text()
    assert all(f"[{driver}]" in copy for driver in _aft.drivers())


def test_no_secret_is_in_an_error() -> None:
    string = "Driver={/nowhere/s3;cr}}et.so};PWD={s3;cr}}et};UID=me"

    with pytest.raises(_aft.Error) as error:
        odbc.connect(ConnectionSettings(string))

    assert str(error.value) == (
        "cannot connect to the warehouse: SQLDriverConnect: 01000 [unixODBC][Driver Manager]"
        "Can't open lib '/nowhere/*****.so' : file not found; is the driver installed and "
        "listed by 'odbcinst -q -d'?"
    )


def test_an_error_keeps_its_state_and_tries_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    string = (
        f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={free_port()};Database=x;UID=x;"
        f"PWD={{{PASSWORD.replace('}', '}}')}}}"
    )

    with pytest.raises(_aft.Error) as error:
        odbc.connect(ConnectionSettings(string, retries=3))

    assert (error.value.sqlstate, waits) == ("08001", [0, 1, 4])


def test_a_program_that_lacks_unixodbc_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "libodbc.so.2").touch()
    uses = "from aft.targets.postgres import DRIVER\nDRIVER.require()"
    surroundings = {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": str(PACKAGES)}

    found = subprocess.run(
        [sys.executable, "-c", uses],
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stderr.endswith(
        f"cannot load unixODBC: {tmp_path}/libodbc.so.2: file too short; "
        "on Debian and Ubuntu: apt-get install unixodbc odbc-postgresql\n"
    )
