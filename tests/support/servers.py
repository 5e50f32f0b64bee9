# SPDX-License-Identifier: Apache-2.0
"""What servers of a test run need: an account, a port, a folder, and an end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar


class Server(Protocol):
    """A server that runs."""

    def stop(self) -> None:
        """Stop it as its administrator would."""


AnyServer = TypeVar("AnyServer", bound=Server)


@contextmanager
def running(start: Callable[[Path], AnyServer], name: str) -> Iterator[AnyServer]:
    """A server that is stopped, and whose folder is removed, at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"aft-{name}-"))
    try:
        server = start(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_account(account: str, *options: str) -> list[str]:
    """What starts a program as ``account``, if that is needed, with options of setpriv."""
    if os.geteuid() == 0:
        options += (f"--reuid={account}", f"--regid={account}", "--init-groups")
    return ["setpriv", *options] if options else []


def give(account: str, *paths: Path) -> None:
    """Let ``account`` own the paths, if that is needed."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam(account)
        for path in paths:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
