# SPDX-License-Identifier: Apache-2.0
"""A project can say how many scripts run at once, and which of those that wait go first."""

from __future__ import annotations

import json

import pytest

from tests.support.project import STAGED, Project

PRIORITIES = {"low": -1, "middle": 0, "high": 3, "higher": 4}
# Long enough for one beside it to begin.
SCRIPT = """
import json, time
began = time.monotonic()
while time.monotonic() < began + 0.3:
    pass
with open("turns.jsonl", "a") as file:
    print(json.dumps([context.current_model.name, began, time.monotonic()]), file=file)
"""


@pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
def test_scripts_take_turns_by_priority(project: Project, mode: tuple[str, ...]) -> None:
    project.write("scripts/turn.py", SCRIPT)
    entries = []
    for name, priority in PRIORITIES.items():
        project.write(
            f"models/{name}.sql", "{{ config(materialized='ephemeral') }} select 1 as one"
        )
        entry = {"path": "scripts/turn.py", "priority": priority}
        entries.append({"name": name, "config": {"meta": {"aft": {"scripts": [entry]}}}})
    project.write("models/turns.yml", json.dumps({"version": 2, "models": entries}))
    options = ["--threads", "4", "--vars", "{aft: {concurrency: 1}}", *mode]

    run = project.aft("dbt", "run", "--select", *PRIORITIES, *options)

    assert run.exit_code == 0, run.output
    lines = (project.folder / "turns.jsonl").read_text().splitlines()
    names, begins, ends = zip(*map(json.loads, lines))
    assert sorted(names) == sorted(PRIORITIES)
    assert all(end <= begin for end, begin in zip(ends, begins[1:]))
    # Live, the first is the one that dbt comes to first; the others wait for it.
    rest = names if mode else names[1:]
    assert list(rest) == sorted(rest, key=PRIORITIES.__getitem__, reverse=True)
