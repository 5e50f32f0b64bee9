# SPDX-License-Identifier: Apache-2.0
"""What a script can do that runs after or before a dbt node.

The names of this module are there in every script without an import. Importing them gives
the same functions, so that editors and type checkers know them::

    from aft import context, ref, write_to_model

    orders = ref("orders")
    orders["late"] = orders.delivered_at > orders.promised_at
    write_to_model(orders[["order_id", "late"]])

``context`` says what the script is bound to and where it runs:

- ``context.current_model``: ``name``, ``alias``, ``unique_id``, ``status``, ``columns``,
  ``tests``, ``meta`` and ``adapter_response`` of the node; None for a script that is bound
  to no model
- ``context.target``: ``profile_name``, ``name``, ``threads``, ``type``, ``database`` and
  ``schema`` of the dbt target
- ``context.config.target_path``: the folder of dbt's artifacts
- ``context.arguments``: what stands under ``with:`` beside the script's path, if anything

`Project` and `write_table` are for notebooks, tests and other programs, and so is
`read_sql` with a connection string.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

from aft import current
from aft.errors import AftError as Error
from aft.errors import WarehouseError
from aft.version import __version__

if TYPE_CHECKING:
    import pandas

    from aft.direct import write_table
    from aft.project import Project
    from aft.project_nodes import DbtModel, DbtSource, DbtTest, Feature
    from aft.script_context import Context

    context: Context

__all__ = [
    "Error",
    "Project",
    "WarehouseError",
    "__version__",
    "context",
    "execute_sql",
    "list_features",
    "list_models",
    "list_models_ids",
    "list_sources",
    "list_tests",
    "read_sql",
    "ref",
    "source",
    "write_table",
    "write_to_model",
    "write_to_source",
]
SCRIPT_NAMES = (
    *("context", "execute_sql", "read_sql", "ref", "source"),
    *("list_features", "list_models", "list_models_ids", "list_sources", "list_tests"),
    *("write_to_model", "write_to_source"),
)


@overload
def ref(
    *names: str,
    v: object = None,
    version: object = None,
    frame: Literal["pandas"] = "pandas",
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> pandas.DataFrame: ...
@overload
def ref(
    *names: str,
    v: object = None,
    version: object = None,
    frame: str,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> Any: ...
def ref(
    *names: str,
    v: object = None,
    version: object = None,
    frame: str = "pandas",
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> Any:
    """The rows of a dbt model, seed or snapshot: ``ref("orders")``.

    Takes what dbt's own `ref` takes: a package's name may come before the model's, and
    ``v``, or ``version``, picks a version. The table is read as it is now; for an ephemeral
    model it is the table that the model's script wrote. Under dbt's ``--empty`` there are
    no rows, and under ``--sample`` those of its window where the model's config has an
    ``event_time``.

    ``columns``, a list of names, ``where``, a condition in the warehouse's SQL, and
    ``limit``, a number of rows, are left to the warehouse: what they leave out is not
    moved. Which rows a limit takes is up to the warehouse.

    ``frame`` is what to return:

    - ``"pandas"``: a DataFrame. Integers with NULLs among them are float64, or Int64 where
      float64 would round one of them; other NULLs are what pandas has for them. Decimals
      are float64, with a warning if digits are lost, and int64 if they are declared
      without a scale. With ``decimals="decimal"`` they are Python's Decimal. Dates are
      datetime64[s], and Python's with ``dates="object"``. ``vars: {aft: {decimals: …,
      dates: …}}`` chooses for all scripts of a project.
    - ``"polars"``: a polars DataFrame. Here and in the next two, decimals and dates are as
      they are declared, and decimals without a declared precision floats. With
      ``decimals="decimal"`` those have 38 digits, 18 of them behind the point; with
      ``decimals="float"`` all decimals are floats, or integers if they have no scale.
    - ``"arrow"``: a pyarrow.Table.
    - ``"batches"``: a pyarrow.RecordBatchReader, to loop over or to write as it is. It has
      one batch of rows in memory at a time, however large the table is. It always gives at
      least one batch, if only an empty one. Only the process that made it can read it.

    A date or timestamp that is infinite, as PostgreSQL has them, is an error, and NULL with
    ``infinite_dates="null"``.

    ``partitions``, a number of connections, reads a table in as many parts at once, whose
    rows come in no order. On PostgreSQL they see the same rows, and on SQLite unless in WAL
    mode. A warning says where that can't be had (MariaDB), or where the table can't be
    divided, as a view can't, and is read over one connection.

    Raises Error when the project has no such model or column, with the name of the nearest
    one, and WarehouseError when the warehouse refuses.
    """
    return current.session().ref(
        names,
        v if version is None else version,
        frame=frame,
        columns=columns,
        where=where,
        limit=limit,
        decimals=decimals,
        dates=dates,
        infinite_dates=infinite_dates,
        partitions=partitions,
    )


@overload
def source(
    source_name: str,
    table_name: str,
    *,
    frame: Literal["pandas"] = "pandas",
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> pandas.DataFrame: ...
@overload
def source(
    source_name: str,
    table_name: str,
    *,
    frame: str,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> Any: ...
def source(
    source_name: str,
    table_name: str,
    *,
    frame: str = "pandas",
    columns: Iterable[str] | None = None,
    where: str | None = None,
    limit: int | None = None,
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
    partitions: int = 1,
) -> Any:
    """The rows of a declared source table: ``source("shop", "payments")``.

    Takes the same options as `ref`.
    """
    return current.session().source(
        source_name,
        table_name,
        frame=frame,
        columns=columns,
        where=where,
        limit=limit,
        decimals=decimals,
        dates=dates,
        infinite_dates=infinite_dates,
        partitions=partitions,
    )


def read_sql(
    connection: str | None = None,
    sql: str | None = None,
    frame: str = "pandas",
    *,
    parameters: Iterable[Any] | None = None,
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
) -> Any:
    """The rows of a query in the database's own SQL.

    In a script, ``read_sql("select …")`` runs over its connection to the warehouse. Which
    models the query reads aft does not know, so it does not check that they are up to date,
    and ``--empty`` and ``--sample`` do not count. In any other program the first argument
    is an ODBC connection string: ``aft.read_sql("Driver=…", "select …")``.

    ``parameters`` are the values for the marks ``?`` in the query, in their order: None,
    bool, int, float, Decimal, str, bytes, date or datetime. A datetime with a time zone
    counts in UTC, as aft reads and writes them. They are sent beside the query and never
    become part of its text. ``frame``, ``decimals``, ``dates`` and
    ``infinite_dates`` are those of `ref`.

    Raises Error for parameters that can't be bound or that do not fit the marks in number,
    and WarehouseError when the database refuses.
    """
    if sql is None:
        connection, sql = None, connection
    if sql is None:
        raise TypeError("read_sql() needs a query")
    if connection is not None:
        from aft.requirements import with_frames

        read = with_frames("aft.direct", "read_sql")
        return read(connection, sql, frame, parameters, decimals, dates, infinite_dates)
    return current.session().read_sql(
        sql,
        parameters,
        frame=frame,
        decimals=decimals,
        dates=dates,
        infinite_dates=infinite_dates,
    )


def execute_sql(
    sql: str,
    *,
    frame: str = "pandas",
    decimals: str | None = None,
    dates: str | None = None,
    infinite_dates: str | None = None,
) -> Any:
    """Run a statement in the warehouse's SQL, with Jinja; its rows, if it gives any.

    ``execute_sql("delete from {{ source('shop', 'log') }}")``: `ref`, `source`, `this`,
    `target`, `var` and `env_var` are as in dbt. dbt itself renders macros and whatever else
    it knows, in a process of its own, if it is in the script's environment.

    What the statement changes is committed. A script that has changed something is not
    repeated. ``frame``, ``decimals``, ``dates`` and
    ``infinite_dates`` are those of `ref`.

    Raises Error for Jinja that can't be rendered, for more than one statement and for
    ``COPY … FROM STDIN``, and WarehouseError when the warehouse refuses.
    """
    return current.session().execute_sql(
        sql, frame=frame, decimals=decimals, dates=dates, infinite_dates=infinite_dates
    )


def write_to_model(
    df: Any,
    *,
    mode: str = "overwrite",
    unique_key: str | Iterable[str] | None = None,
    on_schema_change: str | None = None,
    dtype: Any = None,
) -> None:
    """Write a frame to the table of the model that this script is bound to.

    ``df`` is a pandas or polars DataFrame, an Arrow table or reader, anything else with
    ``__arrow_c_stream__``, or a generator of these, whose frames need not all fit into
    memory. Of a DataFrame's index those levels are written that have a name, as columns.
    Lists and mappings become JSON, and UUIDs text. Other readers see the old rows until all
    new ones are there.

    ``mode="overwrite"`` replaces the table. ``mode="append"`` adds the rows to it.
    ``mode="upsert"`` updates the rows that have the same ``unique_key``, a column or a list
    of columns, in those columns that the frame has, and adds the others.
    ``mode="delete+insert"`` deletes such rows first. No key may be NULL or twice in the
    frame. Each makes the table when it is missing; columns are matched by name, in any order.

    ``on_schema_change`` is dbt's, for modes that keep the table: ``"fail"``, ``"ignore"``,
    ``"append_new_columns"`` or ``"sync_all_columns"``. Without it, the table must have the
    frame's columns, and others of its own become NULL, with a warning. Identity and
    generated columns and those with a default are filled by the database where the frame
    leaves them out.

    ``dtype`` gives the warehouse's type for new columns: ``{"amount": "NUMERIC(12, 2)"}``,
    or one type for all. An overwrite makes a new table where the old one has other types.

    Raises TypeError when ``df`` is not a frame, and Error, with the column where it is
    known, when the rows can't be written; then nothing has changed.
    """
    from aft.write_options import WriteOptions

    options = WriteOptions(mode, dtype, unique_key, on_schema_change)
    current.session().write_to_model(df, options)


def write_to_source(
    df: Any,
    source_name: str,
    table_name: str,
    *,
    mode: str = "append",
    unique_key: str | Iterable[str] | None = None,
    on_schema_change: str | None = None,
    dtype: Any = None,
) -> None:
    """Write a frame to a declared source table: ``write_to_source(df, "shop", "payments")``.

    Takes what `write_to_model` takes, with its guarantees, but appends unless told
    otherwise. What else this run builds from the table may come before or after it, which
    is warned about. A view is not overwritten.
    """
    from aft.write_options import WriteOptions

    options = WriteOptions(mode, dtype, unique_key, on_schema_change)
    current.session().write_source(df, source_name, table_name, options)


def list_models() -> list[DbtModel]:
    """All models of the project, with status, columns, tests and meta.

    A status is of this run for the script's node and what it is built from, and otherwise
    of the last run whose results dbt has written; "skipped" if there is none.
    """
    return current.session().nodes.models()


def list_models_ids() -> dict[str, str]:
    """The statuses of the models by their unique ids."""
    return {model.unique_id: model.status for model in list_models()}


def list_sources() -> list[DbtSource]:
    """The tables of all sources. `dbt source freshness` gives them a status."""
    return current.session().nodes.sources()


def list_tests() -> list[DbtTest]:
    """All tests of the project. `dbt test` and `dbt build` give them a status."""
    return current.session().nodes.tests()


def list_features() -> list[Feature]:
    """The columns of models with ``meta: fal: feature_store``."""
    return current.session().nodes.features()


# Names and their modules; with what these import, a script would start later.
_NEED_FRAMES = {"Project": "aft.project", "write_table": "aft.direct"}


def __getattr__(name: str) -> Any:
    if name in _NEED_FRAMES:
        from aft.requirements import with_frames

        return with_frames(_NEED_FRAMES[name], name)
    if name == "context":
        return current.context()
    raise AttributeError(f"module 'aft' has no attribute '{name}'")
