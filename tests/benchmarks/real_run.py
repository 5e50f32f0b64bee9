# SPDX-License-Identifier: Apache-2.0
"""One model in Python in a whole dbt run on PostgreSQL: by aft, and by dbt-pybridge.

The model reads a table of eight columns, adds one, and writes the rows. Each round builds it
with both, in turn, on a server of its own. Prints the medians of the seconds that the
commands take, and in how many rows each column is not what was read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    Programs,
    parser,
    print_machine,
    print_table,
    seconds_of,
)
from tests.support.postgres import DATABASE, PASSWORD, USER, PostgresServer, running_server

SCHEMA = "public"
COLUMNS = ("id", "n", "x", "amount", "name", "day", "moment", "flag")
SOURCE = """
create table frame as select
  i::bigint as id,
  case when i % 10 > 0 then (i % 1000)::integer end as n,
  i / 7.0::double precision as x,
  (i / 100.0)::numeric(12, 2) as amount,
  'name ' || i % 5000 as name,
  date '2020-01-01' + (i % 2000)::integer as day,
  timestamp '2020-01-01' + i * interval '1.000001 seconds' as moment,
  i % 3 = 0 as flag
from generate_series(1, {rows}) as i;
analyze frame
"""
PROFILES = """
measured:
  target: dev
  outputs:
    dev:
      type: {adapter}
      threads: 1
      host: 127.0.0.1
      port: {port}
      user: "{user}"
      password: "{{{{ env_var('MEASURED_PASSWORD') }}}}"
      dbname: "{database}"
      schema: {schema}
"""
PROJECT = "{name: measured, version: '1.0', profile: measured}\n"
SOURCES = "sources: [{name: raw, schema: public, tables: [{name: frame}]}]\n"
AFT_MODEL = {
    "models/written.sql": "{{ config(materialized='ephemeral') }} select * from {{ this }}\n",
    "models/schema.yml": SOURCES
    + "models: [{name: written, config: {meta: {aft: {scripts: [written.py]}}}}]\n",
    "written.py": "frame = source('raw', 'frame')\nwrite_to_model(frame.assign(one=1))\n",
}
PYBRIDGE_MODEL = {
    "models/schema.yml": SOURCES,
    # It refuses large tables unless they are allowed, and takes the digits that a decimal
    # column may have from some of its values, so that others do not fit.
    "models/written.py": """
def model(dbt, session):
    dbt.config(materialized="table", pybridge_allow_large_tables=True)
    frame = dbt.source("raw", "frame").as_dataframe()
    return frame.assign(one=1, amount=frame["amount"].astype("float64"))
""",
}


@dataclass(frozen=True)
class Way:
    """A project whose model is built by a command."""

    name: str
    folder: Path
    command: list[str]

    def run(self, server: PostgresServer) -> tuple[float, list[str]]:
        """The seconds of a run, and the columns that it has changed, with how many values."""
        server.run("drop table if exists written cascade")
        seconds = seconds_of(self.command, self.folder)
        changed = {
            column: server.run(
                "select count(*) from frame full join written using (id) where "
                f"frame.{column} is distinct from written.{column}"
            )
            for column in COLUMNS
        }
        return seconds, [f"{name} ({n})" for name, n in changed.items() if n != "0"]


def make(folder: Path, adapter: str, port: int, model: Mapping[str, str]) -> Path:
    """Write a project with one model."""
    profiles = PROFILES.format(
        adapter=adapter, port=port, user=USER, database=DATABASE, schema=SCHEMA
    )
    files = {"profiles.yml": profiles, "dbt_project.yml": PROJECT, **model}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def main() -> None:
    """Measure what the arguments ask for."""
    arguments = parser(__doc__)
    arguments.add_argument("--pybridge", type=Path, required=True, help="its dbt")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    programs = Programs(given.aft, given.dbt)
    os.environ["MEASURED_PASSWORD"] = PASSWORD
    print_machine()
    with tempfile.TemporaryDirectory() as name, running_server() as server:
        server.run(SOURCE.format(rows=given.rows))
        folder, port = Path(name), server.port
        by_aft = make(folder / "aft", "postgres", port, AFT_MODEL)
        by_pybridge = make(folder / "pybridge", "pybridge", port, PYBRIDGE_MODEL)
        ways = [
            Way("aft", by_aft, programs.aft_dbt("run")),
            Way("dbt-pybridge", by_pybridge, [str(given.pybridge.absolute()), "run"]),
        ]
        rounds = [[way.run(server) for way in ways] for _ in range(given.rounds)]
    rows = []
    for way, runs in zip(ways, zip(*rounds)):
        seconds = median(taken for taken, _ in runs)
        rows.append([way.name, f"{seconds:.1f}", ", ".join(runs[0][1]) or "none"])
    print_table(["", "run (s)", "columns that changed, in so many rows"], rows)


if __name__ == "__main__":
    main()
