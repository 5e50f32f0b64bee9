# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of a test run's own, on loopback, on a free port."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.certificates import Authority
from tests.support.processes import PATIENCE
from tests.support.servers import as_account, free_port, give, running
from tests.support.sql_session import SqlSession

# PostgreSQL refuses to be run by root; Debian's package makes this user.
ACCOUNT = "postgres"
USER, PASSWORD = "aft", "s3cret; of} the {tests %41+="
DATABASE = "shop"


class PostgresServer:
    """A running server and its data folder. Superuser and password are known.

    Its programs are Debian's, unless another folder of them is given. Debian's takes
    connections with and without TLS; ``authority`` has signed its certificate.
    """

    def __init__(
        self, folder: Path, programs: Path | None = None, password: str = PASSWORD
    ) -> None:
        self._folder = folder
        self._programs = programs
        self.password = password
        self._data = folder / "data"
        self.port = free_port()
        self.authority = Authority(folder)
        give(ACCOUNT, folder)
        self._initialize()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self.run(f'create database "{DATABASE}"', database="postgres")

    @property
    def connection_string(self) -> str:
        """For ODBC; a result is not kept in memory as a whole."""
        return (
            f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={self.port};"
            f"Database={DATABASE};UID={USER};PWD={{{self.password.replace('}', '}}')}}};"
            "UseDeclareFetch=1;Fetch=10000;BoolsAsChar=0;SSLmode=disable"
        )

    @property
    def uri(self) -> str:
        """For libpq."""
        return f"postgresql://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        self._process = subprocess.Popen(
            # It ends with whoever started it, however that ends.
            [
                *as_account(ACCOUNT, "--pdeathsig=INT"),
                self._program("postgres"),
                "-D",
                str(self._data),
            ],
            stdin=subprocess.DEVNULL,
            stdout=(self._folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            start_new_session=True,
        )
        ready = [self._program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        subprocess.run([*ready, "-t", str(int(PATIENCE))], check=False)
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process.poll() is None, (self._folder / "log").read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its sessions first, SIGQUIT is a crash."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def run(self, sql: str, database: str = DATABASE) -> str:
        """Run statements with psql, not with what is tested; rows as text, `|` between."""
        argv, environment = self._client(database)
        finished = subprocess.run(
            argv, input=sql, env=environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def session(self) -> SqlSession:
        """The same psql for many statements."""
        return SqlSession(*self._client(DATABASE))

    def _client(self, database: str) -> tuple[list[str], dict[str, str]]:
        place = f"-h 127.0.0.1 -p {self.port} -U {USER} -d {database}"
        argv = [self._program("psql"), *f"-XAtq -v ON_ERROR_STOP=1 {place}".split()]
        return argv, {**os.environ, "PGPASSWORD": self.password}

    def _initialize(self) -> None:
        password = self._folder / "password"
        password.write_text(self.password)
        give(ACCOUNT, password)
        options = f"-D data -U {USER} -A scram-sha-256 -E UTF8 --locale=C --no-sync"
        subprocess.run(
            [
                *as_account(ACCOUNT),
                self._program("initdb"),
                *options.split(),
                f"--pwfile={password}",
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            # The data is thrown away with the tests.
            "fsync": "off",
        }
        if self._programs is None:
            settings |= self._tls()
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _tls(self) -> dict[str, str]:
        certificate, key = self.authority.sign(
            "server", "-addext", "subjectAltName=IP:127.0.0.1"
        )
        give(ACCOUNT, self.authority.certificate, certificate, key)
        hosts = self._data / "pg_hba.conf"
        # Roles of this group have no password but a certificate.
        hosts.write_text(f"hostssl all +certified all cert\n{hosts.read_text()}")
        return {
            "ssl": "on",
            "ssl_ca_file": str(self.authority.certificate),
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
        }

    def _program(self, name: str) -> str:
        """By default the newest of the versions that Debian keeps side by side."""
        if self._programs is not None:
            return str(self._programs / name)
        found = sorted(
            Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
            key=lambda path: int(path.parts[4]),
        )
        assert found, f"'{name}' is missing; run packaging/test"
        return str(found[-1])


def running_server(**options: Any) -> AbstractContextManager[PostgresServer]:
    """A server that is stopped, and whose folder is removed, at the end."""
    return running(lambda folder: PostgresServer(folder, **options), "postgres")
