# SPDX-License-Identifier: Apache-2.0
"""Kinds of nodes that dbt-sqlite does not have: on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import running_server
from tests.support.project import Run
from tests.support.server_project import PROFILE, ServerProject

FILES = {
    "dbt_project.yml": "name: shop\nprofile: jaffle_shop\n",
    "profiles.yml": PROFILE,
    "models/schema.yml": """
sources:
  - name: web
    schema: shop
    loaded_at_field: at
    meta:
      aft: {scripts: {before: [scripts/say.py], after: [scripts/say.py]}}
    tables:
      - {name: fresh, identifier: visits, freshness: {warn_after: {count: 9999, period: day}}}
      - {name: old, identifier: visits, freshness: {warn_after: {count: 1, period: day}}}
      - {name: stale, identifier: visits, freshness: {error_after: {count: 1, period: day}}}
      - name: refused
        identifier: visits
        freshness: {warn_after: {count: 9999, period: day}}
        meta: {aft: {scripts: [scripts/write.py]}}
      - name: visits
        config: {event_time: at}
models:
  - name: daily
    meta:
      aft: {scripts: {before: [scripts/say.py], after: [scripts/say.py]}}
""",
    "models/daily.sql": """
{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id',
          event_time='at', begin='2026-01-01', batch_size='day') }}
select id, at, 1 / (id - {{ var('broken', 0) }}) as x from {{ source('web', 'visits') }}
""",
    "models/child.sql": "select * from {{ ref('daily') }}",
    "scripts/say.py": """
node = context.current_model
rows = source("web", "visits")
print(node.source_name, node.name, node.status, "visits:", len(rows))
""",
    "scripts/write.py": "write_to_model(source('web', 'visits'))",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProject]:
    """A project with a source that has a row for each of three days."""
    with running_server() as server:
        made = ServerProject(Path(tmp_path_factory.mktemp("kinds")))
        made.server = server
        for name, text in FILES.items():
            made.write(name, text)
        server.run(
            "create schema shop; create table shop.visits as select day as id, "
            "'2025-12-31 12:00+00'::timestamptz + day * interval '1 day' as at "
            "from generate_series(1, 3) as day"
        )
        yield made


def statuses(project: ServerProject, name: str = "results.json") -> dict[str, str]:
    """The status of each script by its node and when it runs."""
    return {
        f"{entry['node'].rpartition('.')[2]} {entry['when']}": entry["status"]
        for entry in project.results(name=name)
    }


def logs_of_drivers() -> set[Path]:
    """What psqlodbc writes as Debian's odbcinst.ini tells it to, wherever TMPDIR is."""
    return set(Path("/tmp").glob("psqlodbc_aft-python_*"))


def build(project: ServerProject, *options: str) -> Run:
    window = ("--event-time-start", "2026-01-01", "--event-time-end", "2026-01-04")
    return project.aft("dbt", "run", "--full-refresh", *window, *options)


@pytest.mark.parametrize("mode", ["live", "staged"])
def test_scripts_of_sources_run_with_their_freshness(
    project: ServerProject, mode: str
) -> None:
    # A retry needs those of the nodes.
    of_nodes = project.write("target/aft/results.json", '{"results": []}')
    logs = logs_of_drivers()

    run = project.aft("dbt", "source", "freshness", "--aft-mode", mode)

    assert run.exit_code == 1
    assert logs_of_drivers() == logs
    assert of_nodes.read_text() == '{"results": []}'
    assert statuses(project, "sources.json") == {
        "fresh before": "success",
        "fresh after": "success",
        "old before": "success",
        "old after": "success",
        "stale before": "success",
        "stale after": "skipped",
        "refused after": "error",
    }
    assert "| web fresh pass visits: 3\n" in run.output
    assert "| web old warn visits: 3\n" in run.output
    assert "is bound to 'source.shop.web.refused'" in run.output
    assert "Scripts: PASS=5 ERROR=1 SKIP=1 TOTAL=7" in run.output


def test_the_look_at_a_server_leaves_no_log(project: ServerProject) -> None:
    logs = logs_of_drivers()

    run = project.aft("debug")

    assert "connection:            OK, PostgreSQL\n" in run.output
    assert logs_of_drivers() == logs


def test_scripts_of_a_microbatch_model_run_once(project: ServerProject) -> None:
    run = build(project)

    assert run.exit_code == 0, run.output
    assert statuses(project) == {"daily before": "success", "daily after": "success"}
    assert (
        run.line("OK ran script scripts/say.py before daily")
        < run.line("Batch 1 of 3 START")
        < run.line("Batch 3 of 3 OK created")
        < run.line("| None daily success visits: 3")
        < run.line("START sql view model shop.child")
    )


def test_a_batch_that_fails_holds_the_models_scripts_back(project: ServerProject) -> None:
    run = build(project, "--vars", "{broken: 2}")

    assert run.exit_code == 1
    assert "PARTIAL SUCCESS (2/3)" in run.output
    assert statuses(project) == {"daily before": "success", "daily after": "skipped"}
    assert project.run_results()["model.shop.child"]["status"] == "skipped"


def test_scripts_read_what_a_sample_has(project: ServerProject) -> None:
    run = project.aft("dbt", "run", "--sample", "{start: '2026-01-02', end: '2026-01-03'}")

    assert run.exit_code == 0, run.output
    assert "| None daily success visits: 1\n" in run.output
