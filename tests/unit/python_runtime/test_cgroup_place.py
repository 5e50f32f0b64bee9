# SPDX-License-Identifier: Apache-2.0
"""Control groups are made only where that is allowed and does not get in anyone's way."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from aft import cgroup_place
from aft.cgroup_place import Membership, Unusable, find_delegated, membership_in

UNIFIED = "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
LEGACY = "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
HYBRID = LEGACY + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that systemd has booted, as far as can be seen."""
    folder = tmp_path / "systemd"
    folder.mkdir()
    monkeypatch.setattr(cgroup_place, "_SYSTEMD", folder)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.fixture
def no_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup_place, "_SYSTEMD", tmp_path / "none")


def group(root: Path, name: str) -> Membership:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    return Membership(folder, root)


def mark(folder: Path) -> None:
    try:
        os.setxattr(folder, "user.delegate", b"1")
    except OSError as error:
        pytest.skip(f"'{folder}' can't be marked: {error.strerror}")


@pytest.mark.parametrize(
    ("path", "mounts", "folder"),
    [
        ("/user.slice/a.scope", UNIFIED, "/sys/fs/cgroup/user.slice/a.scope"),
        ("/", HYBRID, "/sys/fs/cgroup/unified"),
        ("/a", UNIFIED.replace("/sys/fs", "/my\\040mounts"), "/my mounts/cgroup/a"),
        # A container that sees its own part of the host's groups.
        ("/pod/c/run", UNIFIED.replace("0:30 /", "0:30 /pod/c"), "/sys/fs/cgroup/run"),
    ],
)
def test_the_own_group_is_found(path: str, mounts: str, folder: str) -> None:
    found = membership_in(f"4:memory:/elsewhere\n0::{path}\n", mounts)

    assert found.folder == Path(folder)


@pytest.mark.parametrize(
    ("groups", "mounts", "why"),
    [
        ("4:memory:/a\n", LEGACY, "this system does not have it"),
        ("0::/a\n", LEGACY, "it is not mounted where"),
        ("0::/../b\n", UNIFIED, "it is not mounted where"),
        ("0::/other\n", UNIFIED.replace("0:30 /", "0:30 /pod/c"), "it is not mounted where"),
    ],
)
def test_a_group_that_can_not_be_seen_is_not_used(groups: str, mounts: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        membership_in(groups, mounts)


@pytest.mark.usefixtures("no_systemd")
def test_without_systemd_the_permissions_decide(tmp_path: Path) -> None:
    assert find_delegated(group(tmp_path / "root", "a")) is None


@pytest.mark.usefixtures("systemd")
def test_what_systemd_has_delegated_may_be_divided(tmp_path: Path) -> None:
    unit = group(tmp_path / "root", "user.slice/run-1.scope").folder
    mark(unit)

    assert find_delegated(group(tmp_path / "root", "user.slice/run-1.scope/a/b")) == unit


@pytest.mark.usefixtures("systemd")
def test_what_systemd_has_not_delegated_is_left_alone(tmp_path: Path) -> None:
    session = group(tmp_path / "root", "user.slice/session-2.scope")

    with pytest.raises(Unusable) as why:
        find_delegated(session)

    manager = "" if os.geteuid() == 0 else "--user "
    assert str(why.value) == (
        "systemd has not delegated 'session-2.scope'; start aft with: "
        f"systemd-run {manager}--scope -p Delegate=yes aft …"
    )


@pytest.mark.usefixtures("systemd")
def test_the_nearest_unit_decides(tmp_path: Path) -> None:
    """A user's manager has been delegated its own unit, and divides it by itself."""
    root = tmp_path / "root"
    mark(group(root, "user@1000.service").folder)

    with pytest.raises(Unusable, match=r"'run-1\.scope'"):
        find_delegated(group(root, "user@1000.service/app.slice/run-1.scope"))


@pytest.mark.usefixtures("systemd")
def test_the_root_is_systemds(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="systemd has not delegated"):
        find_delegated(group(tmp_path / "root", ""))


@pytest.mark.usefixtures("systemd")
@pytest.mark.parametrize(
    ("unit", "manager"), [("user@7.service/a.scope", "--user "), ("a.service", "")]
)
def test_a_unit_without_a_mark_is_asked_for(tmp_path: Path, unit: str, manager: str) -> None:
    membership = group(tmp_path / "root", unit)
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    asked = tmp_path / "asked"
    systemctl.write_text(f'#!/bin/sh\necho "$*" > {shlex.quote(str(asked))}\necho yes\n')
    systemctl.chmod(0o755)

    assert find_delegated(membership) == membership.folder
    name = membership.folder.name
    assert asked.read_text() == f"{manager}show --property=Delegate --value {name}\n"


def test_a_group_that_can_not_be_enabled_holds_no_memory(tmp_path: Path) -> None:
    control = tmp_path / cgroup_place.SUBTREE_CONTROL

    assert not cgroup_place.enable_memory(tmp_path)
    control.write_text("cpu memory pids\n")
    assert cgroup_place.enable_memory(tmp_path)
