# SPDX-License-Identifier: Apache-2.0
"""A dbt project in a folder of its own, and runs of aft and dbt in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import AFT, DBT, JAFFLE_SHOP

RUN_SCRIPTS = (("dbt", "run"), ("dbt", "build"))
# A dbt process for each stage, where live mode would do.
STAGED = ("--aft-mode", "staged")

# A run takes a few seconds; one that hangs must not take the others with it.
LONGEST_RUN = 120


@dataclass(frozen=True)
class Run:
    """A finished run of a command."""

    exit_code: int
    output: str  # standard output and error as they came, without colors and times

    def line(self, text: str) -> int:
        """The number of the first line that contains `text`."""
        for number, line in enumerate(self.output.splitlines()):
            if text in line:
                return number
        raise AssertionError(f"no line contains {text!r} in:\n{self.output}")


class Project:
    """A project folder with its database."""

    program = DBT  # The dbt that it is run with.

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def jaffle_shop(cls, folder: Path) -> Project:
        """A copy of the example project."""
        ignored = shutil.ignore_patterns("target", "logs", "*.db", ".dbtignore", "__pycache__")
        shutil.copytree(JAFFLE_SHOP, folder, ignore=ignored)
        return cls(folder)

    @classmethod
    def copy(cls, source: Path, folder: Path) -> Project:
        """A copy of any project, with its database."""
        shutil.copytree(source, folder)
        return cls(folder)

    @property
    def environment(self) -> dict[str, str]:
        """What the project's commands run with."""
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return inherited | {
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "LC_ALL": "C.UTF-8",
        }

    def aft(self, *arguments: str, **options: Any) -> Run:
        """Run `aft` with `arguments` and the project's dbt."""
        run = self.run(str(AFT), *arguments, "--aft-dbt", str(self.program), **options)
        if run.exit_code in (0, 1) and "--target-path" not in arguments:
            is_kept = "results of the scripts could not be kept" not in run.output
            # A selection may leave out scripts of nodes that run.
            selectors = self.folder / "selectors.yml"
            names_scripts = selectors.exists() or any(
                ".py" in word or ".sh" in word for word in arguments
            )
            is_complete = is_kept and arguments[:2] in RUN_SCRIPTS and not names_scripts
            self.check_results(is_kept, is_complete)
        return run

    def check_results(self, is_over: bool = True, is_complete: bool = False) -> None:
        """Check what holds of both result files after any run: each has its entries once.

        Unless aft itself was killed or could not write, all scripts are ``is_over``. After
        a run that was not cut short, the results are complete: each script of a node that
        dbt lists is listed as well, however it ended.
        """
        nodes = _entries(self.folder / "target" / "run_results.json")
        scripts = _entries(self.folder / "target" / "aft" / "results.json")
        for entries in (nodes, scripts):
            ids = [entry["unique_id"] for entry in entries]
            assert len(ids) == len(set(ids)), f"listed twice: {ids}"
        known = {"success", "error", "skipped"} | (set() if is_over else {"running"})
        found = {entry["status"] for entry in scripts}
        assert found <= known, f"unknown or unfinished: {found - known}"
        if not is_complete:
            return
        manifest = json.loads((self.folder / "target" / "manifest.json").read_text())
        bound = Counter[str]()
        for entry in nodes:
            node = manifest["nodes"].get(entry["unique_id"], {})
            # dbt before 1.6 does not name the project.
            own = manifest["metadata"].get("project_name", node.get("package_name"))
            if node.get("package_name") == own:
                bound[entry["unique_id"]] = _scripts_of(node)
        listed = Counter(entry["node"] for entry in scripts)
        assert bound <= listed, f"scripts are not listed: {bound - listed}"

    def dbt(self, *arguments: str, **options: Any) -> Run:
        """Run plain dbt."""
        return self.run(str(self.program), *arguments, **options)

    def run(
        self,
        *argv: str,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        patience: float = LONGEST_RUN,
    ) -> Run:
        """Run any command in the project's folder, or with its database from elsewhere.

        Without the folder's name in its profile, a copy of a project has nothing that dbt
        would have to parse anew.
        """
        elsewhere = {"JAFFLE_SHOP_FOLDER": str(self.folder)} if cwd else {}
        finished = subprocess.run(
            argv,
            cwd=cwd or self.folder,
            env=self.environment | elsewhere | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
        return Run(finished.returncode, plain(finished.stdout.decode()))

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def bind(
        self,
        model: str,
        scripts: Any,
        meta: dict[str, Any] | None = None,
        writes: str | None = None,
        **properties: Any,
    ) -> None:
        """Bind `scripts` to `model` in schema.yml, and give it further properties.

        `writes="optional"` is for scripts that do not write the table of an ephemeral model.
        """
        settings = {"scripts": scripts} | ({"writes": writes} if writes else {})
        file = self.folder / "models" / "schema.yml"
        content = yaml.safe_load(file.read_text())
        entry: dict[str, Any] = next(
            (e for e in content["models"] if e["name"] == model), {"name": model}
        )
        if entry not in content["models"]:
            content["models"].append(entry)
        entry.update(properties)
        self.set_meta(entry, {**(meta or {}), "aft": settings})
        file.write_text(yaml.safe_dump(content))

    def set_meta(self, properties: dict[str, Any], meta: dict[str, Any]) -> None:
        """Set the `meta` of a node among its properties in YAML."""
        properties["meta"] = meta

    def query(self, sql: str, database: str = "jaffle_shop.db") -> list[tuple[Any, ...]]:
        """Rows of the project's database, read by other means than aft's."""
        connection = sqlite3.connect(self.folder / database)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def relations(self, database: str = "jaffle_shop.db") -> set[str]:
        """The names of all tables and views."""
        if not (self.folder / database).exists():
            return set()
        sql = "select name from sqlite_master where type in ('table', 'view')"
        return {str(name) for (name,) in self.query(sql, database)}

    def results(
        self, target: str = "target", name: str = "results.json"
    ) -> list[dict[str, Any]]:
        """The entries of one of aft's files of results."""
        document = json.loads((self.folder / target / "aft" / name).read_text())
        entries: list[dict[str, Any]] = document["results"]
        return entries

    def run_results(self) -> dict[str, dict[str, Any]]:
        """dbt's own results by unique id."""
        document = json.loads((self.folder / "target" / "run_results.json").read_text())
        return {entry["unique_id"]: entry for entry in document["results"]}

    def statuses(self) -> dict[str, str]:
        """The status of each of dbt's nodes by the end of its unique id."""
        return {
            unique_id.split(".", 2)[2]: entry["status"]
            for unique_id, entry in self.run_results().items()
        }

    def script_statuses(self) -> dict[str, str]:
        """The status of each script by its path."""
        return {entry["path"]: entry["status"] for entry in self.results()}


def _entries(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    entries: list[dict[str, Any]] = json.loads(file.read_text())["results"]
    return entries


def _scripts_of(node: dict[str, Any]) -> int:
    """How many scripts are bound to a node of the manifest."""
    meta = node.get("meta", {})
    scripts = [meta.get(product, {}).get("scripts", []) for product in ("fal", "aft")]
    lists = [each.values() if isinstance(each, dict) else [each] for each in scripts]
    return sum(len(entries) for each in lists for entries in each)


def plain(text: str) -> str:
    """`text` without dbt's colors and times of day."""
    text = re.sub(r"\x1b\[\d*m", "", text)
    return re.sub(r"^\d\d:\d\d:\d\d  ?", "", text, flags=re.MULTILINE)


def comparable(run: Run) -> tuple[int, list[str]]:
    """Exit code and output without what differs between two runs of plain dbt."""
    output = re.sub(r"\d+\.\d+ ?s(econds)?", "TIME", run.output)
    output = re.sub(r'\{"data".*"name": "(\w+)".*\}', r"\1", output)
    output = re.sub(r"0x[0-9a-f]+|\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "X", output)
    return run.exit_code, output.splitlines()
