# SPDX-License-Identifier: Apache-2.0
"""Kills processes of runs at random moments, many times, and prints what did not hold."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.support.kills import PHASES, kill_at_random
from tests.support.postgres import running_server
from tests.support.project import Project
from tests.support.server_project import ServerProject


def main() -> None:
    """Kill with the number and the seed of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        example = Project.jaffle_shop(Path(folder) / "shop")
        tally = kill_at_random(
            ServerProject.on(server, example.folder), given.kills, given.seed
        )
    kinds = sorted({kind for kind, _ in tally.killed})
    print(f"| killed while | {' | '.join(kinds)} |")
    print(f"| --- |{' ---: |' * len(kinds)}")
    for phase in PHASES:
        counts = " | ".join(str(tally.killed[kind, phase]) for kind in kinds)
        print(f"| {phase} | {counts} |")
    print(f"\n{len(tally.violations)} violations; {tally.finished} runs ended before the kill")
    for violation in tally.violations:
        print(violation)


if __name__ == "__main__":
    main()
