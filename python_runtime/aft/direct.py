# SPDX-License-Identifier: Apache-2.0
"""Tables of any database that an ODBC connection string reaches, without dbt."""

from __future__ import annotations

from typing import Any

from aft import standalone
from aft.manifest import Relation
from aft.query import Sql
from aft.read_options import ReadOptions
from aft.tables import frame_of
from aft.warehouse import Warehouse
from aft.write_options import Key, WriteOptions


def read_sql(
    connection: str,
    sql: str,
    frame: str,
    parameters: object,
    decimals: str | None,
    dates: str | None,
    infinite_dates: str | None,
) -> Any:
    """`aft.read_sql` with a connection string."""
    options = ReadOptions(frame, decimals=decimals, dates=dates, infinite_dates=infinite_dates)
    standalone.prepare()
    query = Sql(sql, options.reading({}), parameters)
    return frame_of(Warehouse(connection), query, options, "the query", {})


def write_table(
    connection: str,
    frame: Any,
    table: str,
    mode: str = "overwrite",
    *,
    unique_key: Key = None,
    on_schema_change: str | None = None,
    dtype: Any = None,
) -> None:
    """Write a frame to a table of any database, in any program.

    ``connection`` is an ODBC connection string, and ``table`` a name in its SQL, such as
    ``"shop.orders"``. The rest is as for `aft.write_to_model`.
    """
    options = WriteOptions(mode, dtype, unique_key, on_schema_change)
    standalone.prepare()
    Warehouse(connection).write(
        frame, Relation.parse(table), mode, options.column_types(), options.further()
    )
