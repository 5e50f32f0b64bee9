# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, and whenever: nothing is half done and nothing is left."""

from __future__ import annotations

from tests.support.kills import kill_at_random
from tests.support.server_project import ServerProject


def test_what_must_hold_holds_after_each_kill(server_project: ServerProject) -> None:
    tally = kill_at_random(server_project, kills=6, seed=1)

    assert tally.violations == []
