# SPDX-License-Identifier: Apache-2.0
"""What is read of a table: which columns, which rows, how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from aft.connection import Connection
from aft.manifest import Relation
from aft.sql_text import leaves_state


@dataclass(frozen=True)
class Reading:
    """What the warehouse's values become."""

    decimals: str = "declared"  # Or "exact", "float" or "real".
    infinite_dates: str = "error"  # Or "null".


@dataclass(frozen=True)
class Sql:
    """A statement of the user's own that gives rows."""

    text: str
    reading: Reading = field(default_factory=Reading)
    parameters: object = None  # Values for its marks (?); see `aft.parameters`.
    any_statement: bool = False  # Also one that gives no rows.

    @property
    def leaves_state(self) -> bool:
        """Whether its connection would run later statements in another way."""
        return self.any_statement and leaves_state(self.text)


def shown_name(relation: str | Relation) -> str:
    """What messages call it."""
    if isinstance(relation, str):
        return relation
    return ".".join(filter(None, [relation.schema, relation.identifier]))


def sql_name(relation: str | Relation, connection: Connection) -> str:
    """Its name in the connection's SQL."""
    if isinstance(relation, str):
        return relation
    return connection.sql_name(asdict(relation))


@dataclass(frozen=True)
class Query:
    """Rows of a table or view, which is given by its parts or by its name in SQL."""

    relation: str | Relation
    columns: tuple[str, ...] | None = None  # None for all.
    conditions: tuple[str, ...] = ()  # In SQL; a row has to meet each of them.
    limit: int | None = None
    reading: Reading = field(default_factory=Reading)

    def sql(self, name: str, quote: Callable[[str], str], limit: str) -> str:
        """The statement; ``name`` is the relation's, and ``limit`` ends what is limited."""
        columns = ", ".join(map(quote, self.columns)) if self.columns else "*"
        # A condition may end in a comment.
        conditions = " and ".join(f"({condition}\n)" for condition in self.conditions)
        where = f" where {conditions}" if conditions else ""
        end = limit if self.limit is not None else ""
        return f"select {columns} from {name}{where}{end}"
