# SPDX-License-Identifier: Apache-2.0
"""What somebody may have meant by a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name; empty if no known one is like it."""
    close = difflib.get_close_matches(name, set(known) - {name}, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
