# SPDX-License-Identifier: Apache-2.0
"""A random script and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

# The rows of a table by the write that they came with; None where there is no table.
# Each row has the number of its `batch`, and in `k` its own number within that.
Content = Optional[dict[int, int]]


@dataclass(frozen=True)
class Program:
    """A script of one model of the soak's project, and all that is right for it to do."""

    model: str
    text: str
    status: str
    message: str  # a regular expression
    contents: tuple[Content, ...]  # each may be in the table afterwards
    rows_written: int | None  # None where that depends on the moment
    printed: tuple[str, ...]  # lines that are in the script's log
    on_the_way: tuple[Content, ...]  # each may be there if the run is interrupted
    may_print_tracebacks: bool = False  # though it succeeds


@dataclass(frozen=True)
class Shape:
    """What a generator may use for a model's script."""

    model: str
    is_placeholder: bool = False  # Its script has to write; a table of dbt's shows what.
    has_timeout: bool = False  # Only such a script may hang.
    has_memory: bool = False  # Only such a script may take too much.


# The table that scripts read.
NUMBERS = 300
# The scripts' helper module; rows() and the others make what scripts write.
HELPER = f"""
import multiprocessing, threading, time
import pandas as pd
import pyarrow as pa

NUMBERS = {NUMBERS}
fork = multiprocessing.get_context("fork")
spawn = multiprocessing.get_context("spawn")

class Broken(Exception):
    pass

def rows(batch, count, first=0):
    frame = pd.DataFrame({{"batch": batch, "k": range(first, first + count)}})
    return frame.astype("int64")

def table(batch, count):
    return pa.Table.from_pandas(rows(batch, count), preserve_index=False)

def parts(batch, sizes):
    first = 0
    for size in sizes:
        yield rows(batch, size, first)
        first += size

def broken(batch, sizes):
    yield from parts(batch, sizes)
    raise Broken("in the middle of a frame")

def count_numbers(_=None):
    from aft import ref
    return len(ref("numbers"))

def in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()

def start(function, *arguments):
    threading.Thread(target=function, args=arguments).start()

def later(function, *arguments):
    time.sleep(0.05)
    function(*arguments)
"""
