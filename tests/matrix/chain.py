# SPDX-License-Identifier: Apache-2.0
"""Models of one row with scripts, and what a run says of them."""

from __future__ import annotations

import re
from typing import Any

from tests.support.project import Project, Run


def add_model(
    project: Project,
    name: str,
    *parents: str,
    before: str = "",
    after: str = "",
    query: str = "select 1 as id",
    properties: dict[str, Any] | None = None,
    **config: Any,
) -> None:
    """Make a model below others; a script is given by its text."""
    settings = ", ".join(f"{key}={value!r}" for key, value in config.items())
    reads = "".join(f" /* {{{{ ref('{parent}') }}}} */" for parent in parents)
    head = f"{{{{ config({settings}) }}}} " if settings else ""
    project.write(f"models/{name}.sql", head + query + reads)
    scripts = {}
    for when, text in (("before", before), ("after", after)):
        if text:
            project.write(f"{when}_{name}.py", text + "\n")
            scripts[when] = [f"{when}_{name}.py"]
    if scripts:
        project.bind(name, scripts, **(properties or {}))


# What dbt 2 says in other words.
IN_DBT2 = {
    "START": "Started",
    "START test": "Started",
    "OK created": "Succeeded",
    "PASS": "Passed",
}


def line(run: Run, start: str, node: str) -> int:
    """The number of dbt's own line about a node that says `start`, `OK created`, …"""
    name = re.escape(node)
    forms = [rf" {start} (.*\.)?{name} \."]
    if start in IN_DBT2:
        forms.append(rf"^ *{IN_DBT2[start]} (\[.*\] )?\w+ +(\S+\.)?{name}( \(.*\))?$")
    (number,) = (
        number
        for number, text in enumerate(run.output.splitlines())
        if any(re.search(form, text) for form in forms)
    )
    return number
