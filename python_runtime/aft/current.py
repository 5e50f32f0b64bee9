# SPDX-License-Identifier: Apache-2.0
"""The script that this process is, or that has started it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from aft.errors import AftError

if TYPE_CHECKING:
    from aft.session import BoundScript

# The variable that names a file, which tells a process which script has started it.
DESCRIPTION = "AFT_SCRIPT_DESCRIPTION"

_session: BoundScript | None = None
_finding = threading.Lock()


def use(session: BoundScript) -> None:
    """Make the functions of `aft` act for a script."""
    global _session
    _session = session


def session() -> BoundScript:
    """What the functions of `aft` act for. Raises AftError where no script runs."""
    found = _find()
    if found is None:
        raise AftError(
            "this works only in a script that aft runs; bind the file to a node under "
            "'meta: aft: scripts' in schema.yml and start 'aft dbt run', or use aft.Project "
            "in a program of your own"
        )
    return found


def context() -> Any:
    """The script's context. Where no script runs, it can be imported but not used."""
    found = _find()
    return _ContextOfNoScript() if found is None else found.context


def _find() -> BoundScript | None:
    global _session
    if _session is None and DESCRIPTION in os.environ:
        from aft.started_anew import session_of_script

        with _finding:
            _session = _session or session_of_script()
    return _session


class _ContextOfNoScript:
    """Lets tests and tools import a script's file, and raises AftError when it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Asked for by tools, to find out what this is.
            raise AttributeError(name)
        return getattr(session().context, name)
