# SPDX-License-Identifier: Apache-2.0
"""What dbt builds on an ephemeral model has the rows that its script wrote in this run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.matrix.chain import add_model
from tests.support.example import LTV, SCRIPT
from tests.support.postgres import PostgresServer
from tests.support.project import STAGED, Project
from tests.support.server_project import ServerProject

MODES = pytest.mark.parametrize("mode", [(), STAGED], ids=["live", "staged"])
OLD_FORM = "select * from {{ target.schema }}.{{ model.name }}"


@MODES
def test_a_placeholder_that_reads_another_table_is_refused(
    shop: Project, mode: tuple[str, ...]
) -> None:
    write = "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [7]}))"
    add_model(
        shop, "p", after=write, query=OLD_FORM, materialized="ephemeral", alias="predicted"
    )
    add_model(shop, "right", after=write, query=OLD_FORM, materialized="ephemeral")
    for parent in ("p", "right"):
        add_model(shop, f"of_{parent}", query=f"select id from {{{{ ref('{parent}') }}}}")
    shop.query("create table p as select 99 as id")

    run = shop.aft("dbt", "run", "-s", "p+", "right+", *mode)

    assert run.exit_code == 1
    assert (
        "a script of 'p' has written main.\"predicted\", but models/p.sql selects from "
        "main.p; let it say: select * from {{ this }}"
    ) in run.output
    assert "of_p" not in shop.relations()
    assert shop.query("select id from of_right") == [(7,)]
    assert shop.aft("dbt", "retry", *mode).exit_code == 1
    assert "of_p" not in shop.relations()
    if mode:
        return

    # dbt builds nothing that could fail in the model's place.
    run = shop.aft("dbt", "run", "-s", "p")
    assert run.exit_code == 1
    assert "aft: a script of 'p' has written " in run.output


@MODES
def test_a_placeholder_that_nothing_can_write_fails_and_is_retried(
    shop: Project, mode: tuple[str, ...]
) -> None:
    script = (shop.folder / SCRIPT).read_text()
    shop.write(SCRIPT, "def model(dbt, session):\n    return dbt.ref('orders')\n")

    run = shop.aft("dbt", "run", *mode)

    assert run.exit_code == 1
    assert f"no script of '{LTV}' has written " in run.output
    assert "and none of them can: call write_to_model() in one" in run.output
    assert shop.statuses()["fct_customers"] in ("error", "skipped")
    assert shop.script_statuses() == {SCRIPT: "error"}

    shop.write(SCRIPT, script)
    again = shop.aft("dbt", "retry", *mode)
    assert again.exit_code == 0, again.output
    assert shop.script_statuses() == {SCRIPT: "success"}


@MODES
def test_a_retry_knows_what_a_script_wrote_before_another_failed(
    shop: Project, mode: tuple[str, ...]
) -> None:
    shop.write("scripts/notify.py", "import os\nassert os.path.exists('mended')\n")
    shop.bind(LTV, [SCRIPT, "scripts/notify.py"])
    assert shop.aft("dbt", "run", "-s", f"{LTV}+", *mode).exit_code == 1

    shop.write("mended", "")
    again = shop.aft("dbt", "retry", *mode)

    assert again.exit_code == 0, again.output
    assert shop.script_statuses() == {"scripts/notify.py": "success"}


@MODES
def test_a_placeholder_that_was_not_written_this_time_is_warned_about(
    shop: Project, mode: tuple[str, ...]
) -> None:
    shop.write(SCRIPT, "if len(ref('orders')) > 1000: write_to_model(ref('orders'))\n")
    warning = f"no script of '{LTV}' has written "

    run = shop.aft("dbt", "run", *mode)
    assert run.exit_code == 0, run.output
    assert run.output.count(warning) == 1
    assert "what is built on it gets the rows of an earlier run" in run.output

    if not mode:
        text = (shop.folder / "models" / "schema.yml").read_text()
        assert "scripts:" in text
        lines = [
            line.replace("scripts:", "writes: optional") if "scripts:" in line else None
            for line in text.splitlines()
        ]
        (extra,) = filter(None, lines)
        at = next(n for n, line in enumerate(lines) if line)
        changed = [*text.splitlines()[:at], extra, *text.splitlines()[at:]]
        shop.write("models/schema.yml", "\n".join(changed) + "\n")
        run = shop.aft("dbt", "run")
        assert run.exit_code == 0, run.output
        assert warning not in run.output
        return
    for table in (LTV, "fct_customers"):
        shop.query(f"drop table {table}")
    run = shop.aft("dbt", "run", *mode)
    assert run.exit_code == 1
    assert "and there is no such table" in run.output


@MODES
def test_a_custom_schema_is_told_from_the_targets(
    postgres: PostgresServer, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    project = ServerProject.moved(postgres, Project.jaffle_shop(tmp_path / "shop").folder)
    try:
        postgres.run(
            "drop schema if exists shop cascade; create schema shop; "
            "create table shop.p as select 0 as id"
        )
        write = "import pandas as pd\nwrite_to_model(pd.DataFrame({'id': [7]}))"
        config: dict[str, Any] = {"materialized": "ephemeral", "schema": "marts"}
        add_model(project, "p", after=write, query=OLD_FORM, **config)
        add_model(project, "q", after=write, query="select * from {{ this }}", **config)
        for parent in ("p", "q"):
            query = f"select id from {{{{ ref('{parent}') }}}} as rows_of_it"
            add_model(project, f"of_{parent}", query=query)

        run = project.aft("dbt", "run", "-s", "p+", "q+", "--threads", "1", *mode)

        assert run.exit_code == 1
        assert '."shop_marts"."p", but models/p.sql selects from shop.p; let it' in run.output
        assert "of_p" not in project.tables()
        assert project.rows("select id from shop.of_q") == ["7"]
    finally:
        postgres.run("drop schema if exists shop cascade")
        postgres.run("drop schema if exists shop_marts cascade")
