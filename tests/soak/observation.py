# SPDX-License-Identifier: Apache-2.0
"""What a run of the soak has left behind it, good and bad."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.soak.shop import Shop, child_of
from tests.support.processes import processes_with
from tests.support.project import Run
from tests.support.surroundings import Surroundings

# What is left of a run ends within this time, the server's sessions included.
PATIENCE = 5.0


@dataclass(frozen=True)
class Batch:
    """The rows of one write as a table has them."""

    number: int
    rows: int
    different: int
    first: int
    last: int

    @property
    def is_whole(self) -> bool:
        """Whether each row that there is is there once, and none before the last lacks."""
        return self.rows == self.different == self.last + 1 and self.first == 0


@dataclass(frozen=True)
class Observation:
    """A run that is over."""

    run: Run
    results: list[dict[str, Any]]
    nodes: dict[str, str]  # dbt's statuses by the end of the unique id
    tables: dict[str, list[Batch]]  # of scripts; without those that are not there
    children: dict[str, int]  # The rows that dbt's models have counted, by script's model.
    logs: dict[str, str]
    left: list[str]  # processes, sessions, staging tables, files


def observe(
    shop: Shop, surroundings: Surroundings, run: Run, patience: float = PATIENCE
) -> Observation:
    """Look at all that the run has left after so many seconds."""
    tables = shop.tables()
    children = [model for model in shop.models if child_of(model) in tables]
    return Observation(
        run=run,
        results=shop.project.results(),
        nodes=shop.project.statuses(),
        tables=_batches(shop, [model for model in shop.models if model in tables]),
        children={
            model: int(shop.query(f"select n from {shop.schema}.{child_of(model)}")[0][0])
            for model in children
        },
        logs=_logs(shop),
        left=_left_behind(shop, surroundings, patience),
    )


def _left_behind(shop: Shop, surroundings: Surroundings, patience: float) -> list[str]:
    """What should not be there any more: each with its kind."""
    deadline = time.monotonic() + patience
    while (found := _leftovers(shop, surroundings)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _leftovers(shop: Shop, surroundings: Surroundings) -> list[str]:
    staging = sorted(name for name in shop.tables() if name.startswith("aft"))
    found = {
        "process": processes_with(surroundings.folder / "tmp"),
        "session": shop.sessions(),
        "table": staging,
        "file": surroundings.undocumented(),
    }
    return [f"{kind} '{name}'" for kind, names in found.items() for name in names]


def _batches(shop: Shop, models: list[str]) -> dict[str, list[Batch]]:
    found = defaultdict[str, list[Batch]](list, {model: [] for model in models})
    each = (
        f"select '{model}', batch, count(*), count(distinct k), min(k), max(k) "
        f"from {shop.schema}.{model} group by batch"
        for model in models
    )
    for model, *numbers in shop.query(" union all ".join(each)) if models else []:
        found[model].append(Batch(*map(int, numbers)))
    return dict(found)


def _logs(shop: Shop) -> dict[str, str]:
    folder = shop.project.folder / "target" / "aft" / "logs"
    return {
        model: "\n".join(file.read_text() for file in folder.glob(f"*.{model}.*"))
        for model in shop.models
    }
