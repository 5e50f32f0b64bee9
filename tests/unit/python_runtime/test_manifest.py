# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from typing import Any

import pytest
from aft.errors import AftError
from aft.manifest import Manifest, Relation


def node(name: str, package: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "unique_id": f"model.{package}.{name}",
        "name": name,
        "package_name": package,
        "resource_type": "model",
        "database": "db",
        "schema": "main",
        "alias": name,
        "relation_name": None,
        "config": {},
        **more,
    }


def manifest(*nodes: dict[str, Any], **metadata: Any) -> Manifest:
    return Manifest(
        {
            "metadata": {"project_name": "shop", **metadata},
            "nodes": {each["unique_id"]: each for each in nodes},
            "sources": {},
        }
    )


def test_a_name_means_the_callers_own_package_first() -> None:
    both = manifest(node("orders"), node("orders", "stripe"), node("only", "stripe"))

    assert both.find_model("orders", None, None, "stripe")["package_name"] == "stripe"
    assert both.find_model("orders", None, None, "shop")["package_name"] == "shop"
    assert both.find_model("orders", None, None, "other")["package_name"] == "shop"
    assert both.find_model("only", None, None, "shop")["package_name"] == "stripe"
    assert both.find_model("orders", "stripe", None, "shop")["package_name"] == "stripe"


def test_a_source_means_the_callers_own_package_first() -> None:
    both = manifest()
    for package in ("stripe", "shop"):
        entry = {"source_name": "raw", "name": "events", "package_name": package}
        both.sources[f"source.{package}.raw.events"] = entry

    assert both.find_source("raw", "events", "stripe")["package_name"] == "stripe"
    assert both.find_source("raw", "events", "shop")["package_name"] == "shop"
    assert both.find_source("raw", "events", "other")["package_name"] == "shop"


def test_seeds_and_snapshots_can_be_read_but_not_tests() -> None:
    kinds = manifest(
        node("a", resource_type="seed"),
        node("b", resource_type="snapshot"),
        node("c", resource_type="test"),
    )

    assert kinds.find_model("a", None, None, "shop")["name"] == "a"
    assert kinds.find_model("b", None, None, "shop")["name"] == "b"
    with pytest.raises(AftError, match=re.escape("there is no model 'c' in the project")):
        kinds.find_model("c", None, None, "shop")


def test_an_ephemeral_model_is_quoted_as_the_manifest_says() -> None:
    quoting = {"database": False, "schema": False, "identifier": True, "column": None}
    scored = node("scored")

    relation = manifest(scored, quoting=quoting).relation(scored)

    assert relation == Relation(None, "main", "scored", False, False, True)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ('main."a.b"', Relation(None, "main", "scored", True, False, True)),
        ('"db"."main"."a"', Relation("db", "main", "scored", True, True, True)),
        ("db.main.a", Relation("db", "main", "scored", False, False, False)),
        ("`db`.`main`.`a`", Relation("db", "main", "scored", True, True, True)),
        ("[db].[main].[a]", Relation("db", "main", "scored", True, True, True)),
    ],
)
def test_older_manifests_show_the_quoting_in_other_names(
    shown: str, expected: Relation
) -> None:
    scored = node("scored")

    assert manifest(scored, node("a", relation_name=shown)).relation(scored) == expected


def test_a_models_own_quoting_goes_first() -> None:
    scored = node("scored", config={"quoting": {"identifier": False, "schema": None}})

    relation = manifest(scored, quoting={"schema": True, "identifier": True}).relation(scored)

    assert (relation.quote_schema, relation.quote_identifier) == (True, False)


@pytest.mark.parametrize(
    ("name", "relation"),
    [
        ("t", Relation(None, None, "t", False, False, False)),
        ("shop.orders", Relation(None, "shop", "orders", False, False, False)),
        ('"My ""Shop"."Or.ders"', Relation(None, 'My "Shop', "Or.ders", False, True, True)),
        ("db.`s`.[t]", Relation("db", "s", "t", False, True, True)),
    ],
)
def test_a_name_in_sql_has_parts(name: str, relation: Relation) -> None:
    assert Relation.parse(name) == relation


@pytest.mark.parametrize("name", ["", ".t", "s..t", "a.b.c.d", 's."t', '""'])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(AftError, match=re.escape(f"'{name}' is no name of a table")):
        Relation.parse(name)
