# SPDX-License-Identifier: Apache-2.0
"""What `aft flow run` costs beside `dbt run`, and aft's plan in a large project."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    Programs,
    parser,
    print_machine,
    print_table,
    seconds_of,
)
from tests.benchmarks.overhead import in_turn
from tests.benchmarks.staged import Graph
from tests.support import postgres
from tests.support.programs import JAFFLE_SHOP
from tests.support.server_project import ServerProject

BOUND = "  - {name: m%d, meta: {aft: {scripts: [scripts/s%d.py]}}}\n"


def flow_row(programs: Programs, rounds: int) -> list[str]:
    """The example, seven models and one script, on a PostgreSQL server."""
    with tempfile.TemporaryDirectory() as name, postgres.running_server() as server:
        folder = Path(name) / "example"
        shutil.copytree(JAFFLE_SHOP, folder)
        project = ServerProject.on(server, folder)
        flow = programs.aft_command("flow", "run")
        plain, ours = in_turn(
            rounds,
            lambda: seconds_of(programs.plain_dbt("run"), folder, project.environment),
            lambda: seconds_of(flow, folder, project.environment),
        )
    ratio = median(with_us / without for with_us, without in zip(ours, plain))
    return [f"{median(plain):.2f}", f"{median(ours):.2f}", f"{ratio:.2f}"]


def write_large(folder: Path, models: int, scripts: int) -> Graph:
    """A project in which each script is a file of its own."""
    graph = Graph.random(models, scripts)
    graph.write(folder)
    (folder / "scripts").mkdir()
    for model in graph.bound:
        (folder / "scripts" / f"s{model}.py").write_text("pass\n", encoding="utf-8")
    bindings = "".join(BOUND % (model, model) for model in sorted(graph.bound))
    (folder / "models" / "schema.yml").write_text("models:\n" + bindings, encoding="utf-8")
    return graph


def planning_rows(
    programs: Programs, models: int, scripts: int, rounds: int
) -> list[list[str]]:
    """Runs of next to nothing, so that what is left is dbt's start and aft's plan."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "large"
        graph = write_large(folder, models, scripts)
        free = next(model for model in graph.parents if model not in graph.bound)
        bound = min(graph.bound)
        plain, ours, alone = in_turn(
            rounds,
            lambda: seconds_of(programs.plain_dbt("run", "-s", f"m{free}"), folder),
            lambda: seconds_of(programs.aft_dbt("run", "-s", f"m{free}"), folder),
            lambda: seconds_of(programs.aft_command("run", "-s", f"s{bound}.py"), folder),
        )
    added = median(with_us - without for with_us, without in zip(ours, plain))
    size = f"{models:,} models, {scripts:,} scripts"
    return [
        [size, "`dbt run -s` of one model", f"{median(plain):.2f}", ""],
        ["", "`aft dbt run -s` of the same", f"{median(ours):.2f}", f"{added:.2f}"],
        ["", "`aft run -s` of one script, without dbt", f"{median(alone):.2f}", ""],
    ]


def main() -> None:
    """Measure and print both tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--models", type=int, default=2000)
    arguments.add_argument("--scripts", type=int, default=500)
    given = arguments.parse_args()
    programs = Programs(given.aft, given.dbt)

    print_machine()
    head = ["`dbt run` (s)", "`aft flow run` (s)", "ratio"]
    print_table(head, [flow_row(programs, given.rounds)])
    print()
    head = ["project", "command", "seconds", "added (s)"]
    print_table(head, planning_rows(programs, given.models, given.scripts, given.rounds))


if __name__ == "__main__":
    main()
