# SPDX-License-Identifier: Apache-2.0
"""A minute of random scripts; `tests.benchmarks.soak` goes on for longer."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from tests.soak.random_runs import RandomRuns
from tests.soak.shop import Shop, on_postgres, on_sqlite
from tests.support.postgres import PostgresServer
from tests.support.surroundings import why_not_kept_apart

SECONDS = 25  # on each database
# Set it to the seed of a failure to have the same scripts again.
SEED = int(os.environ.get("AFT_SOAK_SEED", random.randrange(1_000_000)))


def check(shop: Shop) -> None:
    print(f"AFT_SOAK_SEED={SEED}", why_not_kept_apart())
    end = time.monotonic() + SECONDS

    tally = RandomRuns(shop, SEED).go_on(lambda _: time.monotonic() > end)

    assert tally.violations == [], "\n".join([f"AFT_SOAK_SEED={SEED}", *tally.violations])


def test_what_must_hold_holds_after_random_scripts(short_folder: Path) -> None:
    check(on_sqlite(short_folder / "project"))


def test_what_must_hold_holds_after_random_scripts_on_postgres(
    short_folder: Path, postgres: PostgresServer
) -> None:
    postgres.run("drop schema if exists shop cascade")
    try:
        check(on_postgres(short_folder / "project", postgres))
    finally:
        postgres.run("drop schema if exists shop cascade")
