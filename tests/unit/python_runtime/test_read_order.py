# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from aft.errors import AftError
from aft.manifest import Manifest
from aft.read_order import ReadOrder


def node(name: str, *parents: str, kind: str = "model", **more: Any) -> dict[str, Any]:
    ids = [parent if "." in parent else f"model.shop.{parent}" for parent in parents]
    return {
        "unique_id": f"{kind}.shop.{name}",
        "name": name,
        "package_name": "shop",
        "resource_type": kind,
        "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": ids},
        **more,
    }


NODES = [
    node("raw", kind="seed", original_file_path="seeds/raw.csv", depends_on={"macros": []}),
    node("staged", "seed.shop.raw"),
    node("orders", "staged"),
    node("scored", "orders"),
    node("report", "scored"),
    node("apart"),
    node("paid", "source.shop.raw.payments"),
    node("owed", "source.shop.raw.payments"),
    node("customers", version=2),
    node("inlined", config={"materialized": "ephemeral"}),
    node("written", config={"materialized": "ephemeral", "meta": {"aft": {}}}),
    {**node("stock"), "unique_id": "model.store.stock", "package_name": "store"},
]
TABLE = {"unique_id": "source.shop.raw.payments", "name": "payments", "source_name": "raw"}


@pytest.fixture(name="warnings")
def printed_warnings(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What goes to the script's own standard error."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", stream)
    return stream


class Script:
    """A script of a node, in a run that builds nodes of these names."""

    def __init__(
        self, folder: Path, of: str, policy: str, *built: str, **metadata: str
    ) -> None:
        content = {"metadata": {"project_name": "shop", **metadata}, "sources": {}}
        self._nodes = {each["name"]: each for each in NODES} | {"payments": TABLE}
        manifest = Manifest({**content, "nodes": {each["unique_id"]: each for each in NODES}})
        selection = folder / "selection.json"
        selection.write_text(json.dumps([self._nodes[name]["unique_id"] for name in built]))
        self._order = ReadOrder(manifest, self._nodes[of], policy, selection)

    def reads(self, name: str) -> None:
        self._order.check(self._nodes[name])

    def reads_source(self, **source: Any) -> None:
        self._order.check_source({"source_name": "lake", "name": "t", **source})

    def writes_payments(self, *built_after: str) -> None:
        ids = {self._nodes[name]["unique_id"] for name in built_after}
        self._order.tell_unordered_readers(TABLE, ids)


def test_all_that_is_above_the_node_and_the_node_itself_may_be_read(
    tmp_path: Path, warnings: io.StringIO
) -> None:
    above = ("raw", "staged", "orders", "scored")
    script = Script(tmp_path, "scored", "error", *above)

    for name in above:
        script.reads(name)

    assert warnings.getvalue() == ""


@pytest.mark.parametrize(
    ("of", "name", "advice"),
    [
        ("scored", "apart", "add this line to models/scored.sql: "
                            "-- depends_on: {{ ref('apart') }}"),
        ("scored", "customers", "add this line to models/scored.sql: "
                                "-- depends_on: {{ ref('customers', v=2) }}"),
        ("scored", "stock", "add this line to models/scored.sql: "
                            "-- depends_on: {{ ref('store', 'stock') }}"),
        ("scored", "report", "bind the script to 'report' or to a model below it"),
        ("raw", "apart", "bind the script to a SQL model with this line: "
                         "-- depends_on: {{ ref('apart') }}"),
    ],
)  # fmt: skip
def test_what_the_run_builds_in_any_order_is_refused(
    tmp_path: Path, of: str, name: str, advice: str
) -> None:
    script = Script(tmp_path, of, "error", name)

    for _ in range(2):
        with pytest.raises(AftError) as refusal:
            script.reads(name)

    assert str(refusal.value) == (
        f"this run builds '{name}', but '{of}' does not depend on it, so the script may read "
        f"rows of an earlier run; {advice}"
    )


@pytest.mark.parametrize(("policy", "built"), [("error", ()), ("warn", ("apart",))])
def test_what_is_not_refused_is_warned_about_once(
    tmp_path: Path, warnings: io.StringIO, policy: str, built: tuple[str, ...]
) -> None:
    script = Script(tmp_path, "scored", policy, *built)

    script.reads("apart")
    script.reads("apart")

    assert warnings.getvalue() == (
        "\x1ewarn\x1fwarning: 'scored' does not depend on 'apart', which this script reads; a "
        "run that builds both may give it rows of an earlier run; add this line to "
        "models/scored.sql: -- depends_on: {{ ref('apart') }}\n"
    )


def test_a_source_is_what_a_model_of_the_run_builds(
    tmp_path: Path, warnings: io.StringIO
) -> None:
    script = Script(tmp_path, "scored", "error", "apart")

    with pytest.raises(AftError) as refusal:
        script.reads_source(identifier="apart")

    assert str(refusal.value) == (
        "this run builds 'apart', the table of source 'lake.t', but 'scored' does not depend "
        "on it, so the script may read rows of an earlier run; add this line to "
        "models/scored.sql: -- depends_on: {{ ref('apart') }}"
    )
    for other in (
        {},
        {"identifier": "orders"},
        {"identifier": "apart", "schema": "elsewhere"},
        {"identifier": "Apart"},
    ):
        script.reads_source(**other)
    assert warnings.getvalue() == ""
    for of, metadata in (("apart", {}), ("scored", {"adapter_type": "sqlite"})):
        script = Script(tmp_path, of, "warn", "apart", **metadata)
        script.reads_source(identifier="APART" if metadata else "apart")
    assert warnings.getvalue().count("the table of source 'lake.t', which this script") == 1


@pytest.mark.usefixtures("warnings")
def test_a_source_is_no_table_of_a_model_that_makes_none(tmp_path: Path) -> None:
    script = Script(tmp_path, "scored", "error", "inlined", "written")

    script.reads_source(identifier="inlined")
    with pytest.raises(AftError, match="this run builds 'written'"):
        script.reads_source(identifier="written")


def test_anything_may_be_read_where_the_user_says_so_and_in_a_check_of_sources(
    tmp_path: Path, warnings: io.StringIO
) -> None:
    Script(tmp_path, "scored", "allow", "apart").reads("apart")
    Script(tmp_path, "payments", "error", "apart").reads("apart")

    assert warnings.getvalue() == ""


def test_a_run_whose_nodes_are_not_known_is_warned(
    tmp_path: Path, warnings: io.StringIO
) -> None:
    script = Script(tmp_path, "scored", "error", "apart")
    (tmp_path / "selection.json").unlink()

    script.reads("apart")

    assert "does not depend on 'apart'" in warnings.getvalue()


def test_readers_of_a_source_that_may_come_before_its_rows_are_told_once(
    tmp_path: Path, warnings: io.StringIO
) -> None:
    script = Script(tmp_path, "scored", "error", "scored", "paid", "owed", "apart")

    script.writes_payments("paid")
    script.writes_payments("paid")

    assert warnings.getvalue() == (
        "\x1ewarn\x1fwarning: this run builds 'owed' from the source 'raw.payments', which "
        "this script writes, but in no order after 'scored', so the rows may come too late; "
        "bind the script to a node above, or as a before-script\n"
    )


@pytest.mark.parametrize(("policy", "built"), [("allow", ("owed",)), ("error", ("apart",))])
def test_no_reader_of_a_source_is_told_where_that_is_wanted_or_none_is_built(
    tmp_path: Path, warnings: io.StringIO, policy: str, built: tuple[str, ...]
) -> None:
    Script(tmp_path, "scored", policy, *built).writes_payments()

    assert warnings.getvalue() == ""
