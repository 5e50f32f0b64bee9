# SPDX-License-Identifier: Apache-2.0
"""How the rows of a table are divided, so that several connections read them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Ask = Callable[..., list[tuple[Any, ...]]]
"""Runs a query with its parameters over one connection; its rows."""


class CannotDivide(Exception):
    """str() says why."""


@dataclass(frozen=True)
class Division:
    """The parts of a table, and the transactions in which they are read."""

    conditions: list[str]  # In SQL; each row meets exactly one of them.
    begin: str  # Starts each transaction.
    # What locks the table in each transaction, before any of them reads rows: one that
    # waits for others' locks while another one reads could wait for ever.
    locks: tuple[str, ...] = ()
    # A query for the first connection when it has its lock, and what makes the others see
    # the same rows, before theirs: a statement with the query's answer in place of {}.
    # Empty where there is none.
    snapshot: str = ""
    join: str = ""
    spoils_connections: bool = False  # They are of no use to others afterwards.
    remark: str = ""  # What does not hold while others write.


class Divide(Protocol):
    """A function that divides a table."""

    def __call__(self, ask: Ask, name: str, parts: int) -> Division:
        """Divide the table of that name in SQL. Raises CannotDivide."""


def by_key(key: str, least: int, most: int, parts: int) -> list[str]:
    """Conditions that divide the rows by an integer column, with those beyond its bounds."""
    width = (most - least + 1) / parts
    bounds = sorted({least + round(width * part) for part in range(1, parts)})
    edges = [None, *bounds, None]
    return [
        " and ".join(
            condition
            for condition in (
                f"{key} >= {low}" if low is not None else "",
                f"{key} < {high}" if high is not None else "",
            )
            if condition
        )
        or "1 = 1"
        for low, high in zip(edges, edges[1:])
    ]
