# SPDX-License-Identifier: Apache-2.0
"""Many small scripts: how many a second, what each adds, and the memory that it takes.

All scripts of a run are bound to sixteen ephemeral models, of which dbt holds as many at a
time as it has threads. The run without scripts is plain dbt's of the same project.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.benchmarks.measure import (
    Programs,
    make_project,
    parser,
    print_machine,
    print_table,
    seconds_of,
)

MODELS = 16
ONE_LINE = "pass\n"
# Waits until all are there, so that memory is measured with all of them alive.
MEETING = """\
import os, time
open(f"there.{os.getpid()}", "w").close()
while len([name for name in os.listdir(".") if name.startswith("there.")]) < PEERS:
    time.sleep(0.01)
def kilobytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        lines = [line.split() for line in file if line.endswith("kB\\n")]
    return {name.rstrip(":"): int(value) for name, value, _ in lines}
import json
own, host = kilobytes("self"), kilobytes(os.getppid())
with open(f"memory.{os.getpid()}", "w") as file:
    json.dump({"own": own, "host": host}, file)
open(f"done.{os.getpid()}", "w").close()
while len([name for name in os.listdir(".") if name.startswith("done.")]) < PEERS:
    time.sleep(0.01)
"""


def prepare(folder: Path, scripts: int, text: str) -> None:
    """A project whose models share `scripts` runs of one script."""
    make_project(folder)
    (folder / "script.py").write_text(text, encoding="utf-8")
    models = []
    for number in range(MODELS):
        sql = "{{ config(materialized='ephemeral') }} select 1 as id\n"
        (folder / "models" / f"node_{number}.sql").write_text(sql, encoding="utf-8")
        share = scripts // MODELS + (number < scripts % MODELS)
        meta = {"aft": {"scripts": ["script.py"] * share}}
        models.append({"name": f"node_{number}", "meta": meta})
    schema = json.dumps({"version": 2, "models": models})
    (folder / "models" / "schema.yml").write_text(schema, encoding="utf-8")


def measure_time(programs: Programs, scripts: int, threads: int) -> list[str]:
    """A row: what `scripts` scripts of one line add to a run of dbt."""
    run = ["run", "--threads", str(threads)]
    with tempfile.TemporaryDirectory(prefix="aft-scripts-") as name:
        folder = Path(name) / "project"
        prepare(folder, scripts, ONE_LINE)
        seconds_of(programs.plain_dbt("parse"), folder)
        plain = min(seconds_of(programs.plain_dbt(*run), folder) for _ in range(3))
        rounds = 3 if scripts < 1000 else 1
        with_scripts = min(seconds_of(programs.aft_dbt(*run), folder) for _ in range(rounds))
    added = with_scripts - plain
    return [
        f"{scripts:,}",
        str(threads),
        f"{plain:.2f}",
        f"{with_scripts:.2f}",
        f"{added / scripts * 1000:.1f}",
        f"{scripts / added:.0f}",
    ]


def measure_memory(programs: Programs, scripts: int) -> list[str]:
    """A row: the memory of the host and of each of `scripts` scripts at a time."""
    with tempfile.TemporaryDirectory(prefix="aft-scripts-") as name:
        folder = Path(name) / "project"
        prepare(folder, scripts, f"PEERS = {scripts}\n{MEETING}")
        seconds_of(programs.aft_dbt("run", "--threads", str(scripts)), folder)
        found = [json.loads(path.read_text()) for path in folder.glob("memory.*")]
    assert len(found) == scripts
    host = found[0]["host"]
    private = [e["own"]["Private_Clean"] + e["own"]["Private_Dirty"] for e in found]
    return [
        str(scripts),
        f"{host['Rss'] / 1024:.0f}",
        f"{sum(private) / scripts / 1024:.1f}",
        f"{sum(e['own']['Pss'] for e in found) / scripts / 1024:.1f}",
    ]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--scripts", type=int, nargs="+", default=[1, 100, 10_000])
    arguments.add_argument("--threads", type=int, nargs="+", default=[1, 4, 16])
    options = arguments.parse_args()
    programs = Programs(options.aft, options.dbt)
    print_machine()
    print_table(
        [
            "scripts",
            "threads",
            "`dbt run` (s)",
            "`aft dbt run` (s)",
            "added ms each",
            "a second",
        ],
        [
            measure_time(programs, scripts, threads)
            for scripts in options.scripts
            for threads in options.threads
        ],
    )
    print()
    print_table(
        ["scripts at a time", "host (MiB)", "own pages of each (MiB)", "PSS of each (MiB)"],
        [measure_memory(programs, scripts) for scripts in (1, 4, 16)],
    )


if __name__ == "__main__":
    main()
