# SPDX-License-Identifier: Apache-2.0
"""What a run in stages costs on top of one that is followed live, and names of scripts."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    Programs,
    make_project,
    parser,
    print_machine,
    print_table,
    seconds_of,
)
from tests.benchmarks.overhead import in_turn
from tests.support.programs import JAFFLE_SHOP

LAYERS = 10


@dataclass
class Graph:
    """Models in layers, and those of them that scripts follow."""

    parents: dict[int, list[int]] = field(default_factory=dict)
    bound: set[int] = field(default_factory=set)

    @classmethod
    def random(cls, models: int, scripts: int) -> Graph:
        """The same one for the same numbers."""
        chance = random.Random(models)
        wide = models // LAYERS
        made = cls(bound=set(chance.sample(range(models), scripts)))
        for model in range(models):
            above = range(model // wide * wide - wide, model // wide * wide)
            made.parents[model] = chance.sample(above, 2) if above.start >= 0 else []
        return made

    def fewest_stages(self) -> int:
        """Scripts end before what is below them begins: the longest way, by its cuts."""
        stage: dict[int, int] = {}
        for model, parents in self.parents.items():
            stage[model] = max((stage[p] + (p in self.bound) for p in parents), default=1)
        return max(stage.values())

    def write(self, folder: Path) -> None:
        """Make a project of it."""
        make_project(folder)
        (folder / "script.py").write_text("pass\n", encoding="utf-8")
        for model, parents in self.parents.items():
            tables = ", ".join(f"{{{{ ref('m{parent}') }}}}" for parent in parents)
            sql = f"select 1 as n from {tables} limit 1\n" if parents else "select 1 as n\n"
            (folder / "models" / f"m{model}.sql").write_text(sql, encoding="utf-8")
        entry = "  - {name: m%d, meta: {aft: {scripts: [script.py]}}}\n"
        bindings = "".join(entry % model for model in sorted(self.bound))
        (folder / "models" / "schema.yml").write_text("models:\n" + bindings, encoding="utf-8")


def stages_of(programs: Programs, folder: Path) -> int:
    """How many times a run in stages has dbt run nodes, by dbt's own log."""
    shutil.rmtree(folder / "logs", ignore_errors=True)
    seconds_of(programs.aft_dbt("run", "--aft-mode", "staged"), folder)
    log = (folder / "logs" / "dbt.log").read_text(encoding="utf-8")
    return log.count("'invocation_command': 'dbt run")


def row(programs: Programs, folder: Path, fewest: int, rounds: int) -> list[str]:
    """The figures of one project."""
    live, staged = in_turn(
        rounds,
        lambda: seconds_of(programs.aft_dbt("run", "--aft-mode", "live"), folder),
        lambda: seconds_of(programs.aft_dbt("run", "--aft-mode", "staged"), folder),
    )
    added = median(slow - fast for slow, fast in zip(staged, live))
    stages = stages_of(programs, folder)
    figures = (median(live), median(staged), added)
    return [str(stages), str(fewest), *(f"{value:.2f}" for value in figures)]


def seconds_of_names(programs: Programs, folder: Path, rounds: int) -> float:
    """What it adds to a live run that its selection names scripts."""
    run = programs.aft_dbt("run", "--aft-mode", "live")
    plain, named = in_turn(
        rounds,
        lambda: seconds_of(run, folder),
        lambda: seconds_of([*run, "--select", "@script.py", "fqn:*"], folder),
    )
    return median(slow - fast for slow, fast in zip(named, plain))


def main() -> None:
    """Measure and print the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--models", type=int, default=200)
    arguments.add_argument("--scripts", type=int, default=20)
    given = arguments.parse_args()
    programs = Programs(given.aft, given.dbt)

    print_machine()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "example"
        shutil.copytree(JAFFLE_SHOP, folder)
        seconds_of(programs.aft_dbt("seed"), folder)
        rows.append(["the example", "1", *row(programs, folder, 2, given.rounds)])
        folder = Path(name) / "generated"
        graph = Graph.random(given.models, given.scripts)
        graph.write(folder)
        figures = row(programs, folder, graph.fewest_stages(), given.rounds)
        rows.append([f"{given.models} models", str(given.scripts), *figures])
        of_names = seconds_of_names(programs, folder, given.rounds)
    head = ["project", "scripts", "stages", "fewest", "live (s)", "staged (s)", "added (s)"]
    print_table(head, rows)
    print(f"Names of scripts in a selection add {of_names:.2f} s to a live run of the last.")


if __name__ == "__main__":
    main()
