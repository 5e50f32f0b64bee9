# SPDX-License-Identifier: Apache-2.0
"""All that fal's scripts have, in one run on each database, each followed in its own way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import PostgresServer
from tests.support.project import STAGED, Project
from tests.support.server_project import ServerProject

SCHEMA_FILE = """
version: 2
fal:
  scripts: {after: [of_the_run.py]}
sources:
  - name: shop
    schema: "{{ target.schema }}"
    tables:
      - {name: scores, meta: {owner: bob}}
models:
  - name: orders
    meta:
      owner: ann
      fal:
        scripts: {before: [before.py], after: [after.py]}
        post-hook: [{path: hook.py, with: {limit: 3, ratio: 0.5, names: [a, b]}}]
    columns:
      - {name: order_id, tags: [key], meta: {pii: false}, tests: [unique]}
  - name: totals
    meta: {fal: {scripts: [totals.py]}}
"""
SCRIPTS = {
    "notes.py": """
import json

def note(context, name, **facts):
    with open(f"{context.config.target_path}/{name}.json", "w") as file:
        json.dump(facts, file)
""",
    "before.py": """
from fal.typing import *
from notes import note
model = context.current_model
note(context, "before", status=model.status, response=model.adapter_response)
""",
    "after.py": """
from fal.typing import *
from dataclasses import asdict
from notes import note
import pandas as pd

frames = [ref("stg_orders"), ref("jaffle_shop", "stg_orders"), ref("orders")]
model, target = context.current_model, context.target
note(
    context,
    "after",
    main=__name__,
    frames=[type(frame) is pd.DataFrame and len(frame) for frame in frames],
    model={
        "name": model.name, "alias": model.alias, "status": model.status, "meta": model.meta,
        "is_incremental": model.is_incremental,
        "columns": {n: [c.name, c.tags, c.meta] for n, c in model.columns.items()},
        "tests": [[t.name, t.model_name, t.column, t.status] for t in model.tests],
        "response": asdict(model.adapter_response),
    },
    target=[target.profile_name, target.name, target.threads, target.type,
            target.database, target.schema],
    models={m.name: [m.unique_id, m.alias, m.status, m.meta, len(m.tests), list(m.columns)]
            for m in list_models() if m.name in ("orders", "stg_orders")},
    ids=list_models_ids()["model.jaffle_shop.orders"],
    sources=[[s.source_name, s.name, s.meta] for s in list_sources()],
    tests=sorted(t.name for t in list_tests() if t.model_name == "orders"),
    features=list_features(),
)
""",
    "hook.py": """
from notes import note
refused = []
for write in (lambda: write_to_model(None), lambda: write_to_source(None, "shop", "scores")):
    try:
        write()
    except Exception as error:
        refused.append(str(error).partition(";")[0])
note(context, "hook", arguments=context.arguments, status=context.current_model.status,
     rows=context.current_model.adapter_response.rows_affected, refused=refused)
""",
    "totals.py": """
from notes import note
import pandas as pd

frame = pd.DataFrame({"id": [1, 2], "total": [1.5, 2.5]})
write_to_model(frame, dtype={"total": "NUMERIC(6, 2)"})
write_to_model(frame[["total", "id"]].assign(id=3), mode="append")
write_to_source(frame, "shop", "scores", dtype={"total": "NUMERIC(6, 2)"})
write_to_source(frame[:1], "shop", "scores")
write_to_source(frame, "shop", "scores", mode="overwrite")
write_to_source(frame[:1], "shop", "scores", mode="append")
nothing = execute_sql("delete from {{ source('shop', 'scores') }} where id = 2")
sql = "select max(id) as n, '{{ target.name }}' as target from {{ ref('totals') }}"
last = execute_sql(sql).iloc[0].astype(str).tolist()
note(context, "totals", scores=source("shop", "scores").id.tolist(), deleted=len(nothing),
     last=last, total=float(ref("totals").total.sum()))
""",
    "of_the_run.py": """
from notes import note
note(context, "of_the_run", model=context.current_model, models=len(list_models()) > 3)
""",
}


@pytest.fixture(params=["sqlite", "postgres"])
def project(request: pytest.FixtureRequest, seeded: Path, tmp_path: Path) -> Project:
    """The project on each database, ready for a run."""
    made = Project.copy(seeded, tmp_path / "shop")
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        server.run("drop schema if exists shop cascade")
        made = ServerProject.moved(server, made.folder)
        assert made.dbt("seed").exit_code == 0
    for unused in ("fct_customers", "customers_predicted_ltvs"):
        (made.folder / f"models/{unused}.sql").unlink()
    made.write("models/totals.sql", "{{ config(materialized='ephemeral') }} select 1 as id")
    made.write("models/schema.yml", SCHEMA_FILE)
    for name, text in SCRIPTS.items():
        made.write(name, text)
    return made


def notes(project: Project) -> dict[str, Any]:
    """What the scripts have noted of their names."""
    files = (project.folder / "target").glob("*.json")
    return {
        file.stem: json.loads(file.read_text())
        for file in files
        if f"{file.stem}.py" in SCRIPTS
    }


def test_scripts_have_all_names_that_they_had_in_fal(project: Project) -> None:
    is_on_server = isinstance(project, ServerProject)
    mode = STAGED if is_on_server else ()

    run = project.aft("dbt", "build", "--exclude", "resource_type:seed", "--globals", *mode)
    noted = notes(project)
    for name in noted:
        (project.folder / "target" / f"{name}.json").unlink()
    again = project.aft("run", "--all")
    noted_again = notes(project)

    assert run.exit_code == 0, run.output
    answer = ("SELECT 268", "SELECT", 268) if is_on_server else ("OK", None, -1)
    response = dict(zip(("message", "code", "rows_affected"), answer))
    target = ("server", 4, "postgres", "shop", "shop")
    model = {
        "name": "orders",
        "alias": "orders",
        "status": "success",
        "meta": {"owner": "ann"},
        "is_incremental": False,
        "columns": {"order_id": ["order_id", ["key"], {"pii": False}]},
        "tests": [["unique", "orders", "order_id", None]],
        "response": response,
    }
    after = {
        "main": "__main__",
        "frames": [268, 268, 268],
        "model": model,
        "target": [
            "jaffle_shop",
            *(target if is_on_server else ("dev", 1, "sqlite", "database", "main")),
        ],
        "models": {
            "stg_orders": ["model.jaffle_shop.stg_orders", "stg_orders", "success", {}, 0, []],
            "orders": [
                *("model.jaffle_shop.orders", "orders", "success"),
                *({"owner": "ann"}, 1, ["order_id"]),
            ],
        },
        "ids": "success",
        "sources": [["shop", "scores", {"owner": "bob"}]],
        "tests": ["unique"],
        "features": [],
    }
    before = {"status": "", "response": None}
    others = {
        "hook": {
            "arguments": {"limit": 3, "ratio": 0.5, "names": ["a", "b"]},
            "status": "success",
            "rows": response["rows_affected"],
            "refused": [
                f"{name}() is not allowed in a hook"
                for name in ("write_to_model", "write_to_source")
            ],
        },
        "totals": {
            "scores": [1, 1],
            "deleted": 0,
            "last": ["3", "server" if is_on_server else "dev"],
            "total": 8.0,
        },
        "of_the_run": {"model": None, "models": True},
    }
    assert noted == {"before": before, "after": after, **others}
    # Scripts without dbt read and write the same, and know how the run before has ended.
    assert again.exit_code == 0, again.output
    model["tests"] = [["unique", "orders", "order_id", "pass"]]
    assert noted_again == {"after": after, **others}
