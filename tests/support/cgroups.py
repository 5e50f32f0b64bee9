# SPDX-License-Identifier: Apache-2.0
"""What control groups can do on this machine, and the ones that processes are in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from aft.cgroup import HostGroup
from aft.cgroup_place import Place, Unusable, find_place, membership_in


def group_of(pid: int) -> Path | None:
    """The folder of the control group that a process is in; None where there are none."""
    if not can_use_groups():
        return None
    groups = Path(f"/proc/{pid}/cgroup").read_text()
    return membership_in(groups, Path("/proc/self/mountinfo").read_text()).folder


def can_use_groups() -> bool:
    """Whether control groups can be used here, for whatever they can do."""
    try:
        find_place(first=os.getpid())
    except Unusable:
        return False
    return True


def usable_place() -> Place:
    """Where groups can be made; skips the test where they can't kill."""
    try:
        place = find_place(first=os.getpid())
        group = HostGroup(place)
    except Unusable as why:
        pytest.skip(f"control groups can't be used here: {why}")
    group.close()
    if not group.kills:
        pytest.skip("control groups can't kill here")
    return place


def require_memory() -> None:
    """Skip the test where control groups can't hold memory."""
    place = usable_place()
    if place.why_no_memory:
        pytest.skip(f"control groups can't hold memory here: {place.why_no_memory}")
