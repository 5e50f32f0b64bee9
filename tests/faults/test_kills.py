# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, and whenever: nothing is half done and nothing is left."""

from __future__ import annotations

from tests.support.server_project import ServerProject
from tests.support.soak import soak


def test_what_must_hold_holds_after_each_kill(server_project: ServerProject) -> None:
    tally = soak(server_project, kills=6, seed=1)

    assert tally.violations == []
