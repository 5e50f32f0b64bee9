# SPDX-License-Identifier: Apache-2.0
"""A small dbt project on SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import textwrap
from pathlib import Path

FILES = {
    "dbt_project.yml": """
        name: shop
        version: "1.0"
        profile: shop
        models: {shop: {+materialized: table}}
    """,
    "profiles.yml": """
        shop:
          target: dev
          outputs:
            dev:
              type: sqlite
              threads: 4
              database: database
              schema: main
              schemas_and_paths: {main: shop.db}
              schema_directory: .
    """,
    "macros/add.sql": "{% macro add(a, b) %}{{ a }} + {{ b }}{% endmacro %}",
    "models/orders.sql": "select 1 as id, 2.5 as amount union all select 2, null",
    "models/scored.sql": """
        {{ config(materialized='ephemeral') }} select id from {{ ref('orders') }}
        -- depends_on: {{ builtins.ref('customers', v=1) }}
        -- depends_on: {{ builtins.ref('customers', v=2) }}
    """,
    "models/report.sql": "select * from {{ ref('scored') }}",
    "models/late.sql": "{{ config(materialized='view') }} select * from {{ ref('orders') }}",
    "models/apart.sql": "select 1 as x",
    "models/closed.sql": "{{ config(enabled=false) }} select 1 as x",
    "models/customers_v1.sql": "select 1 as version",
    "models/customers_v2.sql": "select 2 as version",
    "models/schema.yml": """
        version: 2
        sources:
          - name: raw
            schema: main
            tables:
              - {name: built, identifier: apart}
              - name: payments
                meta: {owner: bob, aft: {scripts: []}}
                config: {event_time: id}
                loaded_at_field: id
                freshness: {warn_after: {count: 1, period: day}}
        models:
          - name: customers
            latest_version: 1
            versions: [{v: 1}, {v: 2}]
          - name: orders
            meta: {fal: {feature_store: {entity_column: id, timestamp_column: at}}}
            columns: [{name: id}, {name: amount}]
          - name: scored
            meta: {owner: ann, fal: {scripts: []}, aft: {scripts: []}}
            columns:
              - {name: id, tags: [key], meta: {pii: false}, data_tests: [unique]}
    """,
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))


def build(folder: Path, dbt: Path) -> None:
    """Write the project, and let dbt make its tables and its manifest."""
    write_files(folder, FILES)
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table payments (id integer, method text)")
        database.execute("insert into payments values (7, 'card')")
    done = subprocess.run(
        [str(dbt), "run"],
        cwd=folder,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Found 7 models" in done.stdout, done.stdout


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """What SQLite itself reads from the project's database."""
    with sqlite3.connect(folder / "shop.db") as database:
        return database.execute(sql).fetchall()
