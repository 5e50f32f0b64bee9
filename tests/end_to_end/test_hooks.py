# SPDX-License-Identifier: Apache-2.0
"""Hooks run right before and right after their node, also when it fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.example import SCRIPT
from tests.support.postgres import PostgresServer
from tests.support.project import STAGED, Project
from tests.support.server_project import ServerProject

NOTE = """
from aft import context, ref

with open("order.txt", "a") as file:
    model, step = context.current_model, context.arguments["step"]
    status = model.status if step in ("post", "after") else ""
    print(model.name, step, status, len(ref("stg_orders").columns), file=file)
if context.arguments.get("fails"):
    raise ValueError("no")
"""


def note(step: str, **arguments: object) -> dict[str, object]:
    """A script that notes its turn."""
    return {"path": "note.py", "with": {"step": step, **arguments}}


def bind(project: Project, model: str, **settings: object) -> None:
    """Declare scripts and hooks of a model."""
    file = project.folder / "models" / "schema.yml"
    content = yaml.safe_load(file.read_text())
    entry = next((e for e in content["models"] if e["name"] == model), {"name": model})
    content["models"] = [e for e in content["models"] if e["name"] != model]
    entry.pop("meta", None)
    content["models"].append(entry | {"config": {"meta": {"fal": settings}}})
    file.write_text(yaml.safe_dump(content))


def make_hooks(project: Project) -> None:
    """A table, an ephemeral model and a model that fails, each with all that can run."""
    project.write("note.py", NOTE)
    project.write(
        "models/broken.sql", "select * from {{ ref('orders') }} where nothing_like_it"
    )
    for model in ("orders", "customers_predicted_ltvs", "broken"):
        after = [SCRIPT] if model == "customers_predicted_ltvs" else []
        bind(
            project,
            model,
            scripts={"before": [note("before")], "after": [*after, note("after")]},
            **{"pre-hook": [note("pre")], "post-hook": [note("post")]},
        )


def order_of(project: Project, model: str) -> list[str]:
    """What the scripts of a model have noted."""
    lines = (project.folder / "order.txt").read_text().splitlines()
    return [line.removeprefix(f"{model} ") for line in lines if line.startswith(f"{model} ")]


@pytest.mark.parametrize("mode", [(), STAGED])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_hooks_run_next_to_their_node_and_when_it_failed(
    seeded: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    database: str,
    mode: tuple[str, ...],
) -> None:
    project = Project.copy(seeded, tmp_path / "shop")
    if database == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        project = ServerProject.moved(server, project.folder)
        assert project.dbt("seed").exit_code == 0
    make_hooks(project)

    run = project.aft("dbt", "run", *mode)

    assert run.exit_code == 1, run.output
    begun = ["before  4", "pre  4"]
    for model in ("orders", "customers_predicted_ltvs"):
        assert order_of(project, model) == [*begun, "post success 4", "after success 4"]
    assert order_of(project, "broken") == [*begun, "post error 4"]
    assert "nothing_like_it" in project.run_results()["model.jaffle_shop.broken"]["message"]
    results = {entry["unique_id"].split(".", 3)[3]: entry for entry in project.results()}
    assert results["broken.post-hook.note.py"]["when"] == "post-hook"
    assert results["broken.after.note.py"]["status"] == "skipped"
    assert "OK ran post-hook note.py of broken" in run.output
    assert "Scripts and hooks: PASS=12 ERROR=0 SKIP=1 TOTAL=13" in run.output


@pytest.mark.parametrize("mode", [(), STAGED])
def test_a_failed_hook_fails_its_node_and_is_retried(
    shop: Project, mode: tuple[str, ...]
) -> None:
    shop.write("note.py", NOTE)
    shop.write("models/beside.sql", "select * from {{ ref('stg_orders') }}")
    shop.write("models/below.sql", "select * from {{ ref('beside') }}")
    bind(shop, "beside", **{"post-hook": [note("post", fails=True)]})
    bind(
        shop,
        "customers_predicted_ltvs",
        scripts=[SCRIPT],
        **{"pre-hook": [note("pre", fails=True)], "post-hook": [note("post")]},
    )

    run = shop.aft("dbt", "run", *mode)

    assert run.exit_code == 1, run.output
    assert "post-hook 'note.py' failed: ValueError: no (note.py:" in run.output
    assert "pre-hook 'note.py' failed: ValueError: no (note.py:" in run.output
    statuses = shop.statuses()
    assert (statuses["beside"], statuses["below"]) == ("error", "skipped")
    assert statuses["fct_customers"] == "skipped"
    assert order_of(shop, "customers_predicted_ltvs")[-1].startswith("post error")

    shop.write("note.py", NOTE.replace("raise ValueError", "print"))
    retried = shop.aft("dbt", "retry", *mode)

    assert retried.exit_code == 0, retried.output
    assert set(shop.statuses().values()) == {"success"}
    steps = [line.split()[0] for line in order_of(shop, "customers_predicted_ltvs")]
    assert steps == ["pre", "post"] * 2
    assert len(order_of(shop, "beside")) == 2
