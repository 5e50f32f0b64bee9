# SPDX-License-Identifier: Apache-2.0
"""Runs random scripts, again and again, and checks what must hold after each run."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.soak.checks import violations, violations_when_interrupted
from tests.soak.generator import make
from tests.soak.observation import Observation, observe
from tests.soak.program import Content, Program
from tests.soak.shop import Shop
from tests.support.project import STAGED
from tests.support.surroundings import Surroundings

# Of many scripts, each of which may take a minute: on a machine with other load as well.
LONGEST_RUN = 900.0


@dataclass
class Tally:
    """What has been run, and what did not hold after that."""

    runs: int = 0
    interrupted: int = 0  # of these runs
    scripts: int = 0
    violations: list[str] = field(default_factory=list)


class RandomRuns:
    """Runs of one shop, whose scripts a seed decides."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.tally = Tally()
        self._shop = shop
        self._seed = seed
        self._seconds = 0.0  # that the last run took
        self._surroundings = Surroundings(shop.project, LONGEST_RUN)
        self._contents: dict[str, Content] = dict.fromkeys(shop.models)

    def go_on(self, is_enough: Callable[[Tally], bool]) -> Tally:
        """Run until it is enough, or until something does not hold."""
        while not is_enough(self.tally) and not self.tally.violations:
            self.run_and_retry()
        return self.tally

    def run_and_retry(self) -> None:
        """Run new scripts of all models, and then better ones of those that failed."""
        chance = random.Random(f"{self._seed}/{self.tally.runs}")
        mode = STAGED if chance.random() < 0.25 else ()
        programs = self._programs(chance, set(self._shop.models))
        if self._seconds and chance.random() < 0.4:
            self._interrupt(programs, chance, *mode)
            return
        self._run(programs, "run", *mode)
        failed = {program.model for program in programs if program.status == "error"}
        if failed and not self.tally.violations:
            chance = random.Random(f"{self._seed}/{self.tally.runs}")
            self._run(self._programs(chance, failed, must_succeed=True), "retry", *mode)

    def _programs(
        self, chance: random.Random, models: set[str], must_succeed: bool = False
    ) -> list[Program]:
        made = []
        for place, shape in enumerate(self._shop.shapes):
            if shape.model in models:
                # The numbers of its batches tell when and where a script was made.
                first_batch = (self.tally.runs * 100 + place) * 1000
                old = self._contents[shape.model]
                made.append(make(shape, old, chance, first_batch, must_succeed))
        return made

    def _run(self, programs: list[Program], command: str, *mode: str) -> None:
        for program in programs:
            self._shop.write(program)
        began = time.monotonic()
        run = self._surroundings.aft("dbt", command, *mode)
        self._seconds = time.monotonic() - began
        seen = observe(self._shop, self._surroundings, run)
        self._note(programs, seen, violations(programs, seen), f"dbt {command}", *mode)

    def _interrupt(self, programs: list[Program], chance: random.Random, *mode: str) -> None:
        """Interrupt a run at any moment of the time that the last one took."""
        for program in programs:
            self._shop.write(program)
        number = chance.choice((signal.SIGINT, signal.SIGTERM))
        after = chance.uniform(0, self._seconds)
        run = self._surroundings.interrupted_aft(number, after, "dbt", "run", *mode)
        seen = observe(self._shop, self._surroundings, run)
        found = violations_when_interrupted(programs, seen)
        name = f"dbt run, {number.name} after {after:.1f} s"
        self._note(programs, seen, found, name, *mode)
        self.tally.interrupted += 1

    def _note(
        self,
        programs: list[Program],
        seen: Observation,
        found: list[str],
        name: str,
        *mode: str,
    ) -> None:
        where = f"run {self.tally.runs} ({' '.join([name, *mode])})"
        self.tally.violations += [f"{where}: {what}" for what in found]
        for program in programs:
            if any(what.startswith(f"{program.model}: ") for what in found):
                self.tally.violations.append(f"script of {program.model}:\n{program.text}")
        self.tally.runs += 1
        self.tally.scripts += len(programs)
        self._keep_contents(seen)

    def _keep_contents(self, seen: Observation) -> None:
        for model in self._shop.models:
            batches = seen.tables.get(model)
            self._contents[model] = (
                None if batches is None else {batch.number: batch.rows for batch in batches}
            )
