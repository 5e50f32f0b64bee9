# SPDX-License-Identifier: Apache-2.0
"""From the event that sets a script off to the first line of the script.

The event's time is the one in dbt's log, the script's time is taken by its first line; both
are the machine's clock. Each run has a script for every node.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from tests.benchmarks.measure import (
    Programs,
    make_project,
    moment,
    parser,
    print_machine,
    print_table,
    seconds_of,
)

SCRIPT = """\
import time; began = time.time()
import json, sys
name = context.current_model.name
with open("began.jsonl", "a") as file:
    print(json.dumps({"node": name, "at": began, "warm": "pandas" in sys.modules}), file=file)
"""

# The event at which aft runs the after-scripts of a node.
EVENTS = {"table": "LogModelResult", "ephemeral": "NodeCompiling"}


def prepare(folder: Path, materialized: str, nodes: int) -> None:
    """A project of `nodes` models, each with a script that notes when it began."""
    make_project(folder)
    (folder / "note.py").write_text(SCRIPT, encoding="utf-8")
    models = []
    for number in range(nodes):
        name = f"node_{number}"
        sql = f"{{{{ config(materialized='{materialized}') }}}} select {number} as id\n"
        (folder / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
        models.append({"name": name, "meta": {"aft": {"scripts": ["note.py"]}}})
    schema = json.dumps({"version": 2, "models": models})
    (folder / "models" / "schema.yml").write_text(schema, encoding="utf-8")


def event_times(folder: Path, event: str) -> dict[str, float]:
    """When dbt fired `event` for each node, as its log says."""
    times = {}
    for line in (folder / "logs" / "dbt.log").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["info"]["name"] == event:
            times[entry["data"]["node_info"]["node_name"]] = moment(entry["info"]["ts"])
    return times


def row(programs: Programs, materialized: str, nodes: int) -> list[str]:
    """One row: a run in which `nodes` scripts start one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        prepare(folder, materialized, nodes)
        seconds_of(programs.aft_dbt("run", "--log-format-file", "json"), folder)
        fired = event_times(folder, EVENTS[materialized])
        lines = (folder / "began.jsonl").read_text(encoding="utf-8").splitlines()
    notes = [json.loads(line) for line in lines]
    assert len(notes) == nodes
    assert all(note["warm"] for note in notes)
    delays = [1000 * (note["at"] - fired[note["node"]]) for note in notes]
    figures = (median(delays), quantiles(delays, n=10)[-1], max(delays))
    return [f"{materialized}, {nodes:,} nodes", *(f"{value:.1f}" for value in figures)]


def fresh_process(rounds: int) -> list[str]:
    """One row for comparison: a new Python that imports what a script finds imported."""
    delays = []
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import pandas, pyarrow"], check=True)
        delays.append(1000 * (time.monotonic() - began))
    figures = (median(delays), quantiles(delays, n=10)[-1], max(delays))
    return ["a fresh process", *(f"{value:.1f}" for value in figures)]


def main() -> None:
    """Measure and print the table."""
    arguments = parser("From a node's event to the first line of its script, in ms.")
    arguments.add_argument("--nodes", type=int, nargs="*", default=[10, 100])
    given = arguments.parse_args()
    programs = Programs(given.aft, given.dbt)

    print_machine()
    rows = [row(programs, kind, nodes) for kind in EVENTS for nodes in given.nodes]
    rows.append(fresh_process(10))
    print_table(["script of", "median (ms)", "9 of 10 (ms)", "longest (ms)"], rows)


if __name__ == "__main__":
    main()
