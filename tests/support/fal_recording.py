# SPDX-License-Identifier: Apache-2.0
"""What dbt-fal 1.5.9 does with the project `fal_shop`: which scripts run when, and the tables.

`python -m tests.support.fal_recording` installs it and writes fal_recording.json anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.postgres import PostgresServer, running_server
from tests.support.programs import JAFFLE_SHOP, REPOSITORY
from tests.support.project import Project
from tests.support.server_project import ServerProject

FAL_SHOP = JAFFLE_SHOP.with_name("fal_shop")
RECORDING = REPOSITORY / "tests" / "end_to_end" / "fal_recording.json"
# One thread, so that there is one order.
COMMANDS = (
    ("flow", "run", "--threads", "1"),
    ("flow", "run", "-s", "orders", "--threads", "1"),
    ("flow", "run", "-s", "report+", "--threads", "1", "--vars", "{column: nowhere}"),
)
TABLES = ("raw_orders", "orders", "score", "report")
# dbt-fal's own requirements are open to versions that came after it and don't fit.
PACKAGES = (
    "dbt-fal==1.5.9",
    "dbt-postgres==1.5.5",
    "click<8.2",
    "numpy<1.25",
    "setuptools<70",
)


def record(
    project: Project, run: Callable[..., Any], rows: Callable[[str], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Run each command; what it has run and left, and whether it says that all is well."""
    steps = []
    turns = project.folder / "turns.txt"
    for command in COMMANDS:
        turns.write_text("")
        exit_code = run(*command).exit_code
        steps.append(
            {
                "command": " ".join(command),
                "succeeds": exit_code == 0,
                "turns": turns.read_text().splitlines(),
                "tables": {name: sorted(rows(name), key=json.dumps) for name in TABLES},
            }
        )
    return steps


def rows_on(server: PostgresServer) -> Callable[[str], list[dict[str, Any]]]:
    """What reads a table of the server."""

    def rows(table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            server.run(f"select coalesce(json_agg(t), '[]') from shop.{table} t")
        )
        return found

    return rows


def project_on(server: PostgresServer, folder: Path) -> ServerProject:
    """The project on the server, whose schema is empty."""
    shutil.copytree(FAL_SHOP, folder)
    server.run("drop schema if exists shop cascade; create schema shop")
    return ServerProject.moved(server, folder)


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        venv = Path(folder) / "venv"
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, venv], check=True)
        install = ["uv", "pip", "install", "--quiet", "--python", f"{venv}/bin/python"]
        subprocess.run([*install, *PACKAGES], check=True)
        project = project_on(server, Path(folder) / "shop")

        def fal(*command: str) -> Any:
            done = project.run(
                f"{venv}/bin/dbt-fal",
                *command,
                environment={"PATH": f"{venv}/bin:/usr/bin:/bin", "DO_NOT_TRACK": "1"},
            )
            print(done.output)
            return done

        steps = record(project, fal, rows_on(server))
    RECORDING.write_text(json.dumps(steps, indent=2) + "\n")


if __name__ == "__main__":
    _main()
