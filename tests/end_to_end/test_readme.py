# SPDX-License-Identifier: Apache-2.0
"""The first script of README.md works as it is written there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.programs import JAFFLE_SHOP, REPOSITORY
from tests.support.project import Project
from tests.support.server_project import ServerProject

# A project like the reader's, as far as the first page asks for one.
CUSTOMERS = (
    "{{ config(materialized='table') }} "
    "select 1 as customer_id, 7 as amount union all select 2, 5 union all select 3, 9"
)


def files_on_the_first_page() -> dict[str, str]:
    """The files that its steps make; each block of code begins with the name of its file."""
    blocks = re.findall(
        r"^( *)```\w+\n(.*?)^\1```$", (REPOSITORY / "README.md").read_text(), re.M | re.S
    )
    files = {}
    for _, block in blocks:
        text = textwrap.dedent(block)
        if named := re.match(r"(?:#|--) (\w+/\S+)\n", text):
            files[named[1]] = text
    return files


@pytest.mark.parametrize("warehouse", ["sqlite", "postgres"])
def test_the_first_script_scores_the_customers(
    tmp_path: Path, warehouse: str, request: pytest.FixtureRequest
) -> None:
    project = Project(tmp_path / "shop")
    if warehouse == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        project = ServerProject.moved(server, project.folder)
    else:
        project.write("profiles.yml", (JAFFLE_SHOP / "profiles.yml").read_text())
    project.write("dbt_project.yml", "{name: shop, profile: jaffle_shop}\n")
    project.write("models/customers.sql", CUSTOMERS)
    project.write(
        "models/best.sql", "select * from {{ ref('customer_scores') }} where score > 0.9"
    )
    for path, text in files_on_the_first_page().items():
        project.write(path, text)

    run = project.aft("dbt", "run")

    assert run.exit_code == 0, run.output
    assert "scripts/score_customers.py | scored 3 customers" in run.output
    best = "select customer_id, score from {}best"
    if isinstance(project, ServerProject):
        assert project.rows(best.format("shop.")) == ["3|1"]
    else:
        assert project.query(best.format("")) == [(3, 1.0)]
