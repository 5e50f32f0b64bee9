# SPDX-License-Identifier: Apache-2.0
"""One pass of one way to move a frame, in a process of its own.

Says "ready" on a line, waits for one, and moves the frame; then prints a JSON object with
the seconds, and another with the hashes of the columns that were read.
"""

from __future__ import annotations

import json
import sys
import time

from tests.benchmarks.frames.frame_data import hashes
from tests.benchmarks.frames.peers import WAYS, Place, as_table


def main() -> None:
    """Arguments: the action, the way's name, and the place as JSON."""
    action, name, place_text = sys.argv[1:]
    prepare, _ = WAYS[action][name]
    place = Place(**json.loads(place_text))
    run = prepare(place)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    report = run()
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "way": report.way}), flush=True)
    if report.table is not None:
        print(
            json.dumps({"hashes": hashes(as_table(report.table, place.schema), place.schema)}),
            flush=True,
        )


if __name__ == "__main__":
    main()
