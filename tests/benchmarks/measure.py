# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: the programs under test, timed runs and Markdown tables."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.support.programs import AFT, DBT

PROJECT = """\
name: measured
version: "1.0.0"
profile: measured
"""

PROFILES = """\
measured:
  target: dev
  outputs:
    dev:
      type: sqlite
      threads: 1
      database: database
      schema: main
      schemas_and_paths: {main: measured.db}
      schema_directory: schemas
"""


@dataclass(frozen=True)
class Programs:
    """The builds of aft and dbt that are measured."""

    aft: Path
    dbt: Path

    def aft_command(self, *arguments: str) -> list[str]:
        """The command line of `aft …`."""
        return [str(self.aft), *arguments, "--aft-dbt", str(self.dbt)]

    def aft_dbt(self, *arguments: str) -> list[str]:
        """The command line of `aft dbt …`."""
        return self.aft_command("dbt", *arguments)

    def plain_dbt(self, *arguments: str) -> list[str]:
        """The command line of plain `dbt …`."""
        return [str(self.dbt), *arguments]


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the arguments that all benchmarks take."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--aft", type=Path, default=AFT)
    made.add_argument("--dbt", type=Path, default=DBT)
    return made


def make_project(folder: Path) -> None:
    """Write a dbt project without models into `folder`."""
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(PROFILES, encoding="utf-8")


def seconds_of(
    command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None
) -> float:
    """The wall seconds of a command that must succeed, with ``more`` variables."""
    environment = os.environ | {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "JAFFLE_SHOP_FOLDER": str(folder),
        **(more or {}),
    }
    began = time.monotonic()
    run = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    elapsed = time.monotonic() - began
    if run.returncode != 0:
        sys.exit(f"'{' '.join(command)}' ended with {run.returncode}:\n{run.stdout}")
    return elapsed


def moment(timestamp: str) -> float:
    """Seconds since the epoch, from a time as dbt and aft write them."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    for cells in (head, ["---"] + ["---:"] * (len(head) - 1), *rows):
        print(f"| {' | '.join(cells)} |")


def print_machine() -> None:
    """Say what was measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    print(f"{os.cpu_count()} processors ({model}), Python {platform.python_version()}\n")
