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
    node("customers", version=2),
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

    def __init__(self, folder: Path, of: str, policy: str, *built: str) -> None:
        content = {"metadata": {"project_name": "shop"}, "sources": {}}
        self._nodes = {each["name"]: each for each in NODES} | {"payments": TABLE}
        manifest = Manifest({**content, "nodes": {each["unique_id"]: each for each in NODES}})
        selection = folder / "selection.json"
        selection.write_text(json.dumps([self._nodes[name]["unique_id"] for name in built]))
        self._order = ReadOrder(manifest, self._nodes[of], policy, selection)

    def reads(self, name: str) -> None:
        self._order.check(self._nodes[name])


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
        "\x1ewarn\x1f'scored' does not depend on 'apart', which this script reads; a run that "
        "builds both may give it rows of an earlier run; add this line to models/scored.sql: "
        "-- depends_on: {{ ref('apart') }}\n"
    )


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
