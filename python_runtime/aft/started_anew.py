# SPDX-License-Identifier: Apache-2.0
"""Lets processes that a script starts anew, by spawn or joblib for example, read tables.

Such a process shares nothing with the script. It inherits a variable that names a file in
the run's private folder; the file says which script it belongs to. The process then opens
connections of its own.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path

from aft import odbc
from aft.current import DESCRIPTION
from aft.manifest import Manifest
from aft.profile import Setup, read_target
from aft.secrets import know
from aft.session import BoundScript, Request


class ReadingSession(BoundScript):
    """What such a process has of the script: it reads.

    It cannot tell the plugin of an append. If the script failed after one, a retry would
    add the rows again.
    """

    why_not_write = (
        "a process that the script has started anew (spawn, forkserver, joblib) can read but "
        "not write; return the rows to the script and write them there, or start the process "
        "with the start method 'fork'"
    )


def describe(request: Request, setup: Setup, manifest: Manifest) -> None:
    """Let processes that are started from now on find out which script they belong to."""
    file = setup.run_dir / f"description-{request.id}"
    description = (request, setup, manifest.path, odbc.folder_without_logs())
    file.write_bytes(pickle.dumps(description))
    os.environ[DESCRIPTION] = str(file)


def forget(request: Request, setup: Setup) -> None:
    """When the script has ended; one that is killed leaves its file until the run ends."""
    (setup.run_dir / f"description-{request.id}").unlink(missing_ok=True)


def is_of_script() -> bool:
    """Whether this process is a Python script of a run, or was started by one."""
    return DESCRIPTION in os.environ


def session_of_script() -> BoundScript | None:
    """A session for this process, if a script that is still running has started it."""
    try:
        description = Path(os.environ[DESCRIPTION]).read_bytes()
    except (KeyError, OSError):
        return None
    request, setup, path, folder = pickle.loads(description)
    target = read_target(setup)
    know(target.secrets())
    if folder is not None:
        odbc.keep_logs_off(folder)
    return ReadingSession(request, setup, target, Manifest.load(path), lambda _: None)
