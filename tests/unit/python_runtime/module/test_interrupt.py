# SPDX-License-Identifier: Apache-2.0
"""What the extension module does when its process is interrupted, or its parent ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pyarrow as pa
from aft import _aft

from tests.support.programs import python_environment
from tests.unit.python_runtime.module.sqlite import connection_string, read, write


def run_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=python_environment(),
    )


# Rows without end, of a column with a declared type.
ENDLESS = (
    "with recursive n (i) as (select 1 union all select 1 from n) select a from n cross join t"
)


def test_an_interrupt_stops_a_write_and_undoes_it(
    connection: _aft.Connection, path: Path
) -> None:
    write(connection, pa.table({"a": [42]}))
    process = run_python(
        """
        import sys
        from aft import _aft
        target = {"database": None, "schema": "main", "identifier": "t",
                  "quote_database": True, "quote_schema": True, "quote_identifier": True}
        connection = _aft.Connection(sys.argv[1])
        try:
            connection.write(connection.read(sys.argv[2]), target, "append")
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
        connection_string(path),
        ENDLESS,
    )
    journal = path.with_name(path.name + "-journal")
    deadline = time.monotonic() + 60
    while not journal.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited in vain for the transaction"
        time.sleep(0.001)

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert output == "interrupted\n"
    assert read(connection, "select * from t")["a"].to_pylist() == [42]


def test_an_interrupt_stops_a_read(connection: _aft.Connection, path: Path) -> None:
    write(connection, pa.table({"a": [42]}))
    process = run_python(
        """
        import sys
        import pyarrow as pa
        from aft import _aft
        result = _aft.Connection(sys.argv[1]).read(sys.argv[2], batch_rows=1000)
        try:
            for number, batch in enumerate(pa.RecordBatchReader.from_stream(result)):
                if number == 0:
                    print("started", flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
        connection_string(path),
        ENDLESS,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert output == "interrupted\n"


def test_a_child_dies_with_its_parent() -> None:
    process = run_python(
        """
        import os
        from aft import _aft
        child = os.fork()
        if child == 0:
            _aft.die_with_parent(os.getppid())
            print("ready", flush=True)
            os.read(os.pipe()[0], 1)
        os.waitpid(child, 0)
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.kill()

    # The child holds the pipe too, so that its end is the child's.
    assert process.communicate(timeout=60)[0] == ""
