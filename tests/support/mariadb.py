# SPDX-License-Identifier: Apache-2.0
"""A MariaDB server of a test run's own: Debian's, on loopback, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

from tests.support.processes import PATIENCE, wait_until
from tests.support.servers import as_account, free_port, give, running
from tests.support.sql_session import SqlSession

# MariaDB refuses to be run by root; Debian's package makes this user.
ACCOUNT = "mysql"
USER, PASSWORD = "aft", 's3cret; of} the {tests %41+="'
DATABASE = "shop"


class MariadbServer:
    """A running server and its data folder. A user with all rights is known."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._initialize()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def certificate(self) -> Path:
        """What the server shows, signed by itself."""
        return self._folder / "certificate.pem"

    @property
    def connection_string(self) -> str:
        """For ODBC, without a default database, as dbt-mysql connects."""
        return (
            f"Driver=MariaDB Unicode;TCPIP=1;Server=127.0.0.1;Port={self.port};"
            f"UID={USER};PWD={{{PASSWORD.replace('}', '}}')}}};"
        )

    @property
    def connection_string_to_database(self) -> str:
        """The same with a default database, for names without one."""
        return f"{self.connection_string}Database={DATABASE};"

    @property
    def uri(self) -> str:
        """For what speaks the server's own protocol."""
        return f"mysql://{USER}:{quote(PASSWORD)}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = {
            "datadir": self._folder / "data",
            "tmpdir": self._folder,
            "bind-address": "127.0.0.1",
            "port": self.port,
            # In the data folder, where the server runs.
            "socket": "socket",
            "ssl-cert": self._folder / "certificate.pem",
            "ssl-key": self._folder / "key.pem",
            "pid-file": "pid",
            "init-file": self._folder / "users.sql",
            "innodb-buffer-pool-size": "64M",
            # The data is thrown away with the tests.
            "innodb-flush-method": "nosync",
            "debug-no-sync": 1,
        }
        self._process = subprocess.Popen(
            # It ends with whoever started it, however that ends.
            [
                *as_account(ACCOUNT, "--pdeathsig=TERM"),
                "mariadbd",
                "--no-defaults",
                "--skip-name-resolve",
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=(self._folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            env={**os.environ, "PATH": _path()},
            start_new_session=True,
        )
        wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server: SIGTERM ends its sessions first, SIGKILL is a crash."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def run(self, sql: str, database: str = DATABASE) -> str:
        """Run statements with MariaDB's client, not with what is tested.

        Gives the rows as text, with `|` between.
        """
        argv, environment = self._client(database)
        finished = subprocess.run(
            argv, input=sql, env=environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip().replace("\t", "|")

    def session(self) -> SqlSession:
        """The same client for many statements."""
        argv, environment = self._client(DATABASE)
        return SqlSession([*argv, "--unbuffered"], environment)

    def _client(self, database: str) -> tuple[list[str], dict[str, str]]:
        place = f"--host=127.0.0.1 --port={self.port} --user={USER} --database={database}"
        argv = ["mariadb", "--no-defaults", "--batch", "--skip-column-names", *place.split()]
        return argv, {**os.environ, "MYSQL_PWD": PASSWORD}

    def _initialize(self) -> None:
        literal = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        users = self._folder / "users.sql"
        users.write_text(
            f"create user if not exists {USER}@127.0.0.1 identified by '{literal}';\n"
            f"grant all on *.* to {USER}@127.0.0.1 with grant option;\n"
            f"create database if not exists {DATABASE};\n"
        )
        request = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1"
        subprocess.run(
            [*request.split(), "-keyout", "key.pem", "-out", "certificate.pem"],
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        give(ACCOUNT, self._folder, *self._folder.iterdir())
        options = (
            f"--no-defaults --datadir={self._folder / 'data'} --tmpdir={self._folder} "
            "--skip-test-db "
            # Nobody comes in as root but the server's own account.
            f"--auth-root-authentication-method=socket --auth-root-socket-user={ACCOUNT}"
        )
        subprocess.run(
            [*as_account(ACCOUNT), "mariadb-install-db", *options.split()],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def running_server() -> AbstractContextManager[MariadbServer]:
    """A server that is stopped, and whose folder is removed, at the end."""
    return running(MariadbServer, "mariadb")


def _path() -> str:
    """Where programs are looked for, with what only root has on its path."""
    return f"{os.environ['PATH']}:/usr/sbin"
