# SPDX-License-Identifier: Apache-2.0
"""A project can say how many scripts run at once, and which of those that wait go first."""

from __future__ import annotations

import json

import pytest

from tests.support.project import STAGED, Project

# Of the scripts of each model: that of the node, or their own.
PRIORITIES: dict[str, int | list[int]] = {"low": -1, "middle": 0, "high": 3, "two": [4, -2]}
# Long enough for one beside it to begin.
SCRIPT = """
import json, time
began = time.monotonic()
while time.monotonic() < began + 0.3:
    pass
with open("turns.jsonl", "a") as file:
    print(json.dumps([context.arguments["priority"], began, time.monotonic()]), file=file)
"""


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_scripts_take_turns_by_priority(project: Project, mode: tuple[str, ...]) -> None:
    project.write("scripts/turn.py", SCRIPT)
    entries = []
    for name, priority in PRIORITIES.items():
        project.write(
            f"models/{name}.sql", "{{ config(materialized='ephemeral') }} select 1 as one"
        )
        script = {"path": "scripts/turn.py"}
        if isinstance(priority, int):
            scripts = [script | {"with": {"priority": priority}}]
            settings = {"scripts": scripts, "priority": str(priority)}
        else:
            settings = {
                "scripts": [
                    script | {"with": {"priority": p}, "priority": p} for p in priority
                ]
            }
        entries.append({"name": name, "config": {"meta": {"aft": settings}}})
    project.write("models/turns.yml", json.dumps({"version": 2, "models": entries}))
    options = ["--threads", "4", "--vars", "{aft: {concurrency: 1}}", *mode]

    run = project.aft("dbt", "run", "--select", *PRIORITIES, *options)

    assert run.exit_code == 0, run.output
    lines = (project.folder / "turns.jsonl").read_text().splitlines()
    turns, begins, ends = zip(*map(json.loads, lines))
    assert sorted(turns) == [-2, -1, 0, 3, 4]
    assert all(end <= begin for end, begin in zip(ends, begins[1:]))
    # Live, the first is the one that dbt comes to first; the others wait for it.
    rest = turns if mode else turns[1:]
    assert list(rest) == sorted(rest, reverse=True)
