# SPDX-License-Identifier: Apache-2.0
"""What `aft dbt run` costs on top of `dbt run`: without scripts, and with the example's."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    Programs,
    make_project,
    moment,
    parser,
    print_machine,
    print_table,
    seconds_of,
)
from tests.support.programs import JAFFLE_SHOP

# The k-th copy of a seed's rows gets ids of its own.
COPY_ROWS = """
with recursive copies(k) as (select 1 union all select k + 1 from copies where k < {last})
insert into {table} select {columns} from {table}, copies
"""
COPIED_COLUMNS = {
    "raw_customers": "id + k * {customers}, first_name, last_name",
    "raw_orders": "id + k * {orders}, customer_id + k * {customers}, order_date, status",
    "raw_payments": "id + k * {payments}, order_id + k * {orders}, payment_method, "
    "amount_cents",
}


def in_turn(rounds: int, *measured: Callable[[], float]) -> list[list[float]]:
    """The figures of each of `measured`, taken in turn, so that all meet the same noise."""
    for warm_up in measured:
        warm_up()
    found: list[list[float]] = [[] for _ in measured]
    for _ in range(rounds):
        for figures, measure in zip(found, measured):
            figures.append(measure())
    return found


def without_scripts(programs: Programs, nodes: int, rounds: int) -> list[str]:
    """One row: a project of `nodes` views and nothing of aft's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        make_project(folder)
        for number in range(nodes):
            model = folder / "models" / f"view_{number}.sql"
            model.write_text(f"select {number} as id\n", encoding="utf-8")
        plain, ours = in_turn(
            rounds,
            lambda: seconds_of(programs.plain_dbt("run"), folder),
            lambda: seconds_of(programs.aft_dbt("run"), folder),
        )
    ratio = median(with_us / without for with_us, without in zip(ours, plain))
    return [f"{nodes:,}", f"{median(plain):.2f}", f"{median(ours):.2f}", f"{ratio:.3f}"]


def multiply_rows(database: Path, factor: int) -> None:
    """Make the seeds `factor` times as long."""
    connection = sqlite3.connect(database)
    names = {table: table.partition("_")[2] for table in COPIED_COLUMNS}
    counts = {
        name: connection.execute(f"select count(*) from {table}").fetchone()[0]
        for table, name in names.items()
    }
    for table, columns in COPIED_COLUMNS.items():
        copied = columns.format(**counts)
        connection.execute(COPY_ROWS.format(last=factor - 1, table=table, columns=copied))
    connection.commit()
    connection.close()


def script_seconds(folder: Path) -> float:
    """What the last run's script took by itself."""
    results = json.loads((folder / "target" / "aft" / "results.json").read_text())
    (entry,) = results["results"]
    return moment(entry["finished_at"]) - moment(entry["started_at"])


def with_script(programs: Programs, factor: int, rounds: int) -> list[str]:
    """One row: the example project, its seeds `factor` times as long."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        shutil.copytree(JAFFLE_SHOP, folder)
        seconds_of(programs.aft_dbt("seed"), folder)
        if factor > 1:
            multiply_rows(folder / "jaffle_shop.db", factor)
        # Plain dbt passes over the script and finds the table that aft's run has left.
        seconds_of(programs.aft_dbt("run"), folder)
        own: list[float] = []

        def run_with_script() -> float:
            elapsed = seconds_of(programs.aft_dbt("run"), folder)
            own.append(script_seconds(folder))
            return elapsed

        plain, ours = in_turn(
            rounds, lambda: seconds_of(programs.plain_dbt("run"), folder), run_with_script
        )
    added = median(with_it - without for with_it, without in zip(ours, plain))
    figures = (median(plain), median(ours), added, median(own))
    return [
        f"{100 * factor:,}",
        f"{268 * factor:,}",
        *(f"{value:.2f}" for value in figures),
    ]


def main() -> None:
    """Measure and print both tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--nodes", type=int, nargs="*", default=[10, 100])
    arguments.add_argument("--factors", type=int, nargs="*", default=[1, 10, 100])
    given = arguments.parse_args()
    programs = Programs(given.aft, given.dbt)

    print_machine()
    head = ["nodes, no scripts", "`dbt run` (s)", "`aft dbt run` (s)", "ratio"]
    print_table(head, [without_scripts(programs, n, given.rounds) for n in given.nodes])
    print()
    head = ["customers", "orders", "`dbt run` (s)", "`aft dbt run` (s)", "added (s)"]
    head.append("of which the script (s)")
    print_table(head, [with_script(programs, f, given.rounds) for f in given.factors])


if __name__ == "__main__":
    main()
