# SPDX-License-Identifier: Apache-2.0
"""What has to hold after any run of the soak."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from tests.soak.observation import Observation
from tests.soak.program import Program
from tests.soak.shop import child_of


def violations(programs: list[Program], seen: Observation) -> list[str]:
    """What does not hold after a run of these programs and of nothing else."""
    found = [*_of_the_run(programs, seen), *(f"left behind: {what}" for what in seen.left)]
    for program in programs:
        found += [
            f"{program.model}: {what}"
            for check in (_of_the_table, _of_the_result, _of_the_child, _of_the_log)
            for what in check(program, seen)
        ]
    return found


def violations_when_interrupted(programs: list[Program], seen: Observation) -> list[str]:
    """What does not hold after a run of these programs that was interrupted at any moment."""
    found = [f"left behind: {what}" for what in seen.left]
    statuses = [entry["status"] for entry in seen.results]
    if seen.run.exit_code == 0 and set(statuses) != {"success"}:
        found.append(f"exit code 0 with scripts that are {sorted(set(statuses))}")
    if set(statuses) - {"success", "error", "skipped"}:
        found.append(f"results of scripts that are {sorted(set(statuses))}")
    for program in programs:
        whole = dataclasses.replace(program, contents=program.on_the_way)
        found += [f"{program.model}: {what}" for what in _of_the_table(whole, seen)]
    return found


def _of_the_run(programs: list[Program], seen: Observation) -> Iterator[str]:
    failed = sum(program.status == "error" for program in programs)
    if seen.run.exit_code != (1 if failed else 0):
        yield f"exit code {seen.run.exit_code} with {failed} scripts that fail"
    summary = f"Scripts: PASS={len(programs) - failed} ERROR={failed} SKIP=0"
    if summary not in seen.run.output:
        yield f"no '{summary}' in the output's end: {seen.run.output[-1000:]}"
    listed = sorted(entry["node"] for entry in seen.results)
    if listed != sorted(f"model.soak.{program.model}" for program in programs):
        yield f"the results list the scripts of {listed}"


def _of_the_table(program: Program, seen: Observation) -> Iterator[str]:
    batches = seen.tables.get(program.model)
    for batch in batches or []:
        if not batch.is_whole:
            yield f"rows are missing or doubled: {batch}"
    content = None if batches is None else {batch.number: batch.rows for batch in batches}
    if content not in program.contents:
        yield f"the table has {content}, not any of {program.contents}"


def _of_the_result(program: Program, seen: Observation) -> Iterator[str]:
    for entry in seen.results:
        if entry["node"] != f"model.soak.{program.model}":
            continue
        if entry["status"] != program.status:
            yield f"status '{entry['status']}', not '{program.status}': {entry['message']}"
        elif not re.search(program.message, entry["message"]):
            yield f"the message is '{entry['message']}', not '{program.message}'"
        written = entry["rows"]["written"]
        if program.rows_written is not None and written != program.rows_written:
            yield f"{written} rows reported, {program.rows_written} written"


def _of_the_child(program: Program, seen: Observation) -> Iterator[str]:
    status = seen.nodes.get(child_of(program.model))
    if status is None:
        return
    if status != ("success" if program.status == "success" else "skipped"):
        yield f"its child has the status '{status}'"
    elif status == "success":
        rows = sum(batch.rows for batch in seen.tables.get(program.model, []))
        if seen.children[program.model] != rows:
            yield f"its child has seen {seen.children[program.model]} rows of {rows}"


def _of_the_log(program: Program, seen: Observation) -> Iterator[str]:
    log = seen.logs[program.model]
    if program.status == "success" and not program.may_print_tracebacks and "Traceback" in log:
        yield f"it succeeds, but prints {log[log.index('Traceback') :]}"
    lines = log.splitlines()
    for line in program.printed:
        if lines.count(line) != 1:
            yield f"'{line}' was printed once, and is in the log {lines.count(line)} times"
