# SPDX-License-Identifier: Apache-2.0
"""A script in the making, and what its lines so far do to its table."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable

from tests.soak.program import Content, Program, Shape

# Processes that are spawned import the script, and have no names that it does not import.
_FRAME = """
from functools import partial
from soak_helper import *
if __name__ == "__main__":
    append = partial(write_to_model, mode="append")
    overwrite = partial(write_to_model, mode="overwrite")
{body}
"""


class Draft:
    """Lines of a script, and the contents that its table goes through."""

    def __init__(self, shape: Shape, old: Content, first_batch: int, chance: random.Random):
        self.shape = shape
        self.chance = chance
        self.lines: list[str] = []
        self.contents: list[Content] = [old]  # Each is committed after the one before it.
        self.rows_written = 0
        self.printed: list[str] = []
        self.may_print_tracebacks = False
        self._batch = first_batch

    @property
    def content(self) -> Content:
        """What is in the table after the lines so far."""
        return self.contents[-1]

    def add(self, text: str) -> None:
        """Add lines that change nothing."""
        self.lines.append(text.strip("\n"))

    def next_batch(self) -> int:
        """A number that no other write has."""
        self._batch += 1
        return self._batch

    def note_write(self, batch: int, rows: int, mode: str) -> None:
        """The lines write so many rows, as one commit."""
        before = self.content or {}
        added = {batch: rows} if rows else {}
        self.contents.append({**before, **added} if mode == "append" else added)
        self.rows_written = rows if mode == "overwrite" else self.rows_written + rows

    def pick_write(self, most: int = 200) -> str:
        """A call that writes rows at random: a function and its argument."""
        chance, batch = self.chance, self.next_batch()
        mode = chance.choice(("overwrite", "append"))
        sizes = [chance.randint(0, most) for _ in range(chance.randint(1, 4))]
        rows = sizes[0]
        frame = chance.choice((f"rows({batch}, {rows})", f"table({batch}, {rows})"))
        if chance.random() < 0.4:
            rows, frame = sum(sizes), f"parts({batch}, {sizes})"
        self.note_write(batch, rows, mode)
        return f"{mode}, {frame}"

    def finished(
        self,
        status: str = "success",
        message: str = "",
        from_content: int = -1,
        is_counted: bool = True,
    ) -> Program:
        """The program, which ends like this and leaves any content from that one on."""
        is_whole = from_content == -1
        return Program(
            model=self.shape.model,
            text=_FRAME.format(body=textwrap.indent("\n".join(self.lines), "    ")),
            status=status,
            message=message,
            contents=tuple(self.contents[from_content:]),
            rows_written=self.rows_written if is_counted and is_whole else None,
            printed=tuple(self.printed) if is_whole else (),
            on_the_way=tuple(self.contents),
            may_print_tracebacks=self.may_print_tracebacks,
        )


Step = Callable[[Draft], None]
Ending = Callable[[Draft], Program]
