# SPDX-License-Identifier: Apache-2.0
"""Runs random scripts on SQLite and PostgreSQL in turn, and prints what did not hold."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from tests.soak.random_runs import RandomRuns
from tests.soak.shop import on_postgres, on_sqlite
from tests.support.postgres import running_server
from tests.support.surroundings import why_not_kept_apart


def main() -> None:
    """Run for the minutes and with the seed of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    given = parser.parse_args()
    print(f"--seed {given.seed}", why_not_kept_apart(), flush=True)
    end = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory(prefix="aft-") as name, running_server() as server:
        folders = [Path(name) / each for each in ("sqlite", "postgres")]
        for folder in folders:
            folder.mkdir()
        shops = [
            on_sqlite(folders[0] / "project"),
            on_postgres(folders[1] / "project", server),
        ]
        soaks = [RandomRuns(shop, given.seed) for shop in shops]
        while time.monotonic() < end and not any(soak.tally.violations for soak in soaks):
            for soak in soaks:
                soak.run_and_retry()
    columns = ("database", "runs", "of these interrupted", "scripts", "violations")
    print(f"| {' | '.join(columns)} |\n| --- | ---: | ---: | ---: | ---: |")
    for folder, soak in zip(folders, soaks):
        tally = soak.tally
        counts = (tally.runs, tally.interrupted, tally.scripts, len(tally.violations))
        print(f"| {folder.name} | {' | '.join(map(str, counts))} |")
        for violation in tally.violations:
            print(violation)


if __name__ == "__main__":
    main()
