# SPDX-License-Identifier: Apache-2.0
"""Runs a script that is no Python: an executable file, or an interpreter with a file.

The program is told about its node and target in its environment, and reads and writes
frames with `aft read` and `aft write`. These reach this process over a socket, and it is
this process that talks to the warehouse: the program gets no password from aft.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from aft.errors import AftError
from aft.failure import ProgramFailed
from aft.frame_server import FrameServer
from aft.profile import Setup
from aft.session import BoundScript

SOCKET = "AFT_SCRIPT_SOCKET"
_COMMANDS = Path(__file__).parents[4] / "bin"


def run(program: list[str], setup: Setup, session: BoundScript, socket_path: Path) -> None:
    """Run ``program`` to its end, and do what it asks for meanwhile.

    Raises ProgramFailed unless it ends with exit code 0, and AftError when it can't start.
    """
    environment = _environment(setup, session) | {SOCKET: str(socket_path)}
    with FrameServer(session, socket_path) as server:
        try:
            process = subprocess.Popen(
                [_found(program[0], environment["PATH"]), *program[1:]],
                stdin=subprocess.DEVNULL,
                env=environment,
            )
        except OSError as error:
            raise AftError(f"cannot start '{program[0]}': {error.strerror}") from None
        try:
            _serve_until_end(process, server)
        finally:
            # The signal that ends this process early has reached the program too.
            status = process.wait()
    if status:
        raise ProgramFailed(_ended(status))


def _serve_until_end(process: subprocess.Popen[bytes], server: FrameServer) -> None:
    end = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(end, selectors.EVENT_READ)
            selector.register(server.socket, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if server.socket in ready:
                    server.answer_one()
                elif end in ready:
                    return
    finally:
        os.close(end)


def _found(program: str, search_path: str) -> str:
    found = shutil.which(program, path=search_path)
    if found is None:
        raise AftError(f"cannot find the program '{program}' on PATH; install it")
    return found


def _environment(setup: Setup, session: BoundScript) -> dict[str, str]:
    """The environment of this process, with what a Python script would know from `context`."""
    context = session.context
    model, target = context.current_model, context.target
    told = {
        "AFT_NODE": model.name if model else "",
        "AFT_NODE_ID": model.unique_id if model else "",
        "AFT_NODE_STATUS": model.status if model else "",
        "AFT_TARGET": target.name,
        "AFT_TARGET_TYPE": target.type,
        "AFT_TARGET_DATABASE": target.database or "",
        "AFT_TARGET_SCHEMA": target.schema or "",
        "AFT_TARGET_PATH": str(setup.target_path),
        "AFT_ARGUMENTS": json.dumps(session.context.arguments),
    }
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    return {**os.environ, **told, "PATH": os.pathsep.join([*folders, str(_COMMANDS)])}


def _ended(status: int) -> str:
    if status > 0:
        return f"the program ended with exit code {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
