# SPDX-License-Identifier: Apache-2.0
"""A database with tables that tests read, and the project that they belong to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aft.manifest import Manifest, Relation
from aft.profile import Target
from aft.tables import Tables
from aft.warehouse import Warehouse

from tests.support import databases
from tests.unit.python_runtime.module.sqlite import connection_string

NAMES = ("sqlite", "postgres", "mariadb", "duckdb")
ORDERS = pa.table({"id": [1, 2, 3], "amount": [2.5, None, 7.0], "select": ["a", "b", None]})
# Rows for several batches, made by the databases themselves.
MANY = 150_000
NUMBERS = {
    "sqlite": f"with recursive n(id) as (select 0 union all select id + 1 from n "
    f"where id < {MANY - 1}) select id from n",
    "postgres": f"select id from generate_series(0, {MANY - 1}) as n(id)",
    "mariadb": f"select seq as id from seq_0_to_{MANY - 1}",
    "duckdb": f"select range as id from range({MANY})",
}


@dataclass
class Place:
    """A database with a schema of the test's own, and what its tables are called there."""

    name: str
    schema: str
    target: Target
    warehouse: Warehouse
    run: Callable[[str], object]  # By other means than what is tested.

    @property
    def string(self) -> str:
        """The connection string of a database that is reached over ODBC."""
        if self.target.connection is None:
            pytest.skip(f"{self.name} has no connection string")
        return self.target.connection

    def tables(self, **options: Any) -> Tables:
        names = ("orders", "many", "copy", "typed", "exact", "unbuilt", "unwritten")
        nodes = [*(self._node("model", name) for name in names), self._node("seed", "seed")]
        content = {
            "metadata": {"project_name": "shop", "quoting": {"database": False}},
            "nodes": {node["unique_id"]: node for node in nodes},
            "sources": {
                f"source.shop.raw.{name}": self._node("source", name)
                for name in ("orders", "absent")
            },
        }
        return Tables(self.warehouse, Manifest(content), **options)

    def relation(self, name: str) -> Relation:
        return Relation(None, self.schema, name)

    def write(self, frame: Any, name: str) -> None:
        self.warehouse.write(frame, self.relation(name), "overwrite", {})

    def fill(self, name: str) -> None:
        self.run(f"drop table if exists {self.schema}.{name}")
        self.run(f"create table {self.schema}.{name} as {NUMBERS[self.name]}")

    def _node(self, kind: str, name: str) -> dict[str, Any]:
        return {
            "unique_id": f"{kind}.shop.{name}",
            "resource_type": kind,
            "package_name": "shop",
            "source_name": "raw",
            "name": name,
            "schema": self.schema,
            "config": {
                "event_time": "id",
                "materialized": "ephemeral" if name == "unwritten" else "table",
            },
        }


def target(string: str, schema: str) -> Target:
    return Target("p", "t", 1, "any", None, schema, {}, string)


def sqlite_place(folder: Path) -> Iterator[Place]:
    """A file with the tables `orders` and `many`."""
    path = folder / "shop.db"
    with sqlite3.connect(path, isolation_level=None) as connection:
        string = connection_string(path)
        own = target(string, "main")
        yield from _filled(Place("sqlite", "main", own, Warehouse(own), connection.execute))
    connection.close()


def server_place(name: str, server: databases.Server) -> Iterator[Place]:
    """A server, or DuckDB's file, with these tables in the schema `frames`."""
    database = databases.database(name, server)
    database.make_schema("frames")
    own = database.target("frames")
    yield from _filled(Place(name, "frames", own, Warehouse(own), database.run))
    database.drop_schema("frames")


def _filled(place: Place) -> Iterator[Place]:
    place.fill("many")
    place.write(ORDERS, "orders")
    yield place
    place.warehouse.close()
