# SPDX-License-Identifier: Apache-2.0
"""A script's table gets other columns while views that dbt builds depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.project import Run
from tests.support.server_project import PROFILE, ServerProject

BASE = "oid = 'shop.base'::regclass"
FILES = {
    "dbt_project.yml": "name: shop\nprofile: jaffle_shop\n",
    "profiles.yml": PROFILE,
    "models/schema.yml": """
models:
  - name: base
    meta:
      aft: {scripts: [scripts/base.py]}
""",
    "models/base.sql": """
{{ config(materialized='ephemeral', grants={'select': ['public']}) }}
select * from {{ this }}
""",
    "models/kid.sql": "{{ config(materialized='view') }} select * from {{ ref('base') }}",
    "models/grandkid.sql": "select count(*) as n from {{ ref('kid') }}",
    "scripts/base.py": """
import pandas as pd
write_to_model(pd.DataFrame({name: [1] for name in context.vars["columns"]}))
""",
}


@pytest.fixture
def project(postgres: PostgresServer, tmp_path: Path) -> Iterator[ServerProject]:
    made = ServerProject(tmp_path)
    made.server = postgres
    for name, text in FILES.items():
        made.write(name, text)
    yield made
    postgres.run("drop schema if exists shop cascade")


def build(project: ServerProject, columns: list[str], mode: str, *more: str) -> Run:
    variables = f"{{columns: [{', '.join(columns)}]}}"
    return project.aft("dbt", "run", "--vars", variables, "--aft-mode", mode, *more)


def relations(server: PostgresServer) -> list[str]:
    of_schema = "where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v')"
    return server.run(f"select relname from pg_class {of_schema} order by 1").splitlines()


def test_views_that_the_run_builds_anew_are_no_obstacle(project: ServerProject) -> None:
    server = project.server
    first = build(project, ["a"], "live")
    assert first.exit_code == 0, first.output

    for columns, mode in (["b", "c"], "live"), (["d", "e"], "staged"):
        other = build(project, columns, mode)
        assert other.exit_code == 0, other.output
        assert server.run("select * from shop.kid") == "1|1"
        assert "=r/" in server.run(f"select relacl from pg_class where {BASE}")
        assert other.output.count("these views have the old rows: 'shop.") == 1
        # The views read the old table until then.
        old, *others = relations(server)
        assert (old[:8], others) == ("aft_old_", ["base", "grandkid", "kid"])

    alone = build(project, ["f"], "live", "--select", "base")

    assert alone.exit_code == 1
    assert "view 'shop.grandkid' depends on its old columns, and this run" in alone.output
    assert relations(server) == ["base", "grandkid", "kid"]
    assert server.run("select * from shop.kid") == "1|1"
