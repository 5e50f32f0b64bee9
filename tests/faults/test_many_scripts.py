# SPDX-License-Identifier: Apache-2.0
"""Many short scripts at a time: in order, apart from each other, and nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project

# first -> each of parents -> its child -> last; beside them one whose script crashes.
WIDTH = 249
THREADS = 64
PARENTS = [f"parent_{number}" for number in range(WIDTH)]
CHILDREN = [f"child_{number}" for number in range(WIDTH)]
EPHEMERAL = "{{ config(materialized='ephemeral') }}"

# Each script tells what it sees of its host, which forked it, and of aft, which started
# that: how many descriptors they hold, and how many scripts there are. One that is alone
# waits for its host to be at rest.
SCRIPT = """
import json, os, time
def state_and_parent(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[:2]
def children(pid):
    return len(open(f"/proc/{pid}/task/{pid}/children").read().split())
host = os.getppid()
aft = int(state_and_parent(host)[1])
if context.current_model.name in ("first", "last"):
    longest = time.monotonic() + 10
    while children(host) > 1 or state_and_parent(host)[0] != "S":
        assert time.monotonic() < longest, "the host has other children, or does not rest"
        time.sleep(0.001)
seen = {
    "node": context.current_model.name,
    "began": time.monotonic(),
    "aft": len(os.listdir(f"/proc/{aft}/fd")),
    "host": len(os.listdir(f"/proc/{host}/fd")),
    "children": children(host),
    "own": len(os.listdir("/proc/self/fd")),
}
seen["ended"] = time.monotonic()
with open("seen/" + seen["node"], "w") as file:
    json.dump(seen, file)
"""


@pytest.fixture
def wide(project: Project) -> Project:
    """A project of many nodes, each with a script."""
    for path in (project.folder / "models").rglob("*.*"):
        path.unlink()
    (project.folder / "seen").mkdir()
    project.write("scripts/tell.py", SCRIPT)
    project.write("scripts/crash.py", "import ctypes\nctypes.string_at(0)\n")
    nodes: dict[str, list[str]] = {"first": [], "crashes": ["first"], "last": CHILDREN}
    nodes |= {parent: ["first"] for parent in PARENTS}
    nodes |= {child: [parent] for child, parent in zip(CHILDREN, PARENTS)}
    entries: list[dict[str, Any]] = []
    for name, above in nodes.items():
        refs = " ".join(f"{{{{ ref('{each}') }}}}" for each in above)
        project.write(f"models/{name}.sql", f"{EPHEMERAL} /* {refs} */ select 1 as one")
        script = "scripts/crash.py" if name == "crashes" else "scripts/tell.py"
        entries.append({"name": name, "meta": {"aft": {"scripts": [script]}}})
    project.write("models/schema.yml", json.dumps({"models": entries}))
    return project


def seen_by_scripts(folder: Path) -> dict[str, dict[str, Any]]:
    seen = map(json.loads, (path.read_text() for path in (folder / "seen").iterdir()))
    return {each["node"]: each for each in seen}


def test_many_scripts_keep_their_order_and_leave_nothing_open(wide: Project) -> None:
    run = wide.aft("dbt", "run", "--threads", str(THREADS))

    assert run.exit_code == 1, run.output
    statuses = {entry["node"].split(".")[-1]: entry["status"] for entry in wide.results()}
    assert statuses.pop("crashes") == "error"
    assert statuses == dict.fromkeys(["first", *PARENTS, *CHILDREN, "last"], "success")
    seen = seen_by_scripts(wide.folder)
    for parent, child in zip(PARENTS, CHILDREN):
        assert seen["first"]["ended"] < seen[parent]["began"]
        assert seen[parent]["ended"] < seen[child]["began"]
        assert seen[child]["ended"] < seen["last"]["began"]
    # The last script is as alone as the first one was; only dbt's threads, each with its
    # connection, are there now.
    assert seen["last"]["children"] == 1
    assert seen["last"]["host"] == seen["first"]["host"]
    assert seen["last"]["aft"] <= seen["first"]["aft"] + THREADS
    assert {each["own"] for each in seen.values()} == {seen["first"]["own"]}
