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
  ``tests`` and ``meta`` of the node; None for a script that is bound to no model
- ``context.target``: ``profile_name``, ``name``, ``threads``, ``type``, ``database`` and
  ``schema`` of the dbt target
- ``context.config.target_path``: the folder of dbt's artifacts
- ``context.arguments``: what stands under ``with:`` beside the script's path
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aft.errors import AftError as Error
from aft.errors import WarehouseError

if TYPE_CHECKING:
    import pandas

    from aft.script_context import Context
    from aft.session import ScriptSession

    context: Context

__all__ = ["Error", "WarehouseError", "context", "ref", "source", "write_to_model"]
SCRIPT_NAMES = ("context", "ref", "source", "write_to_model")

_session: ScriptSession | None = None


def use_session(session: ScriptSession) -> None:
    """Make the functions of this module act for a script. For aft itself."""
    global _session
    _session = session


def _current() -> ScriptSession:
    if _session is None:
        raise Error(
            "this works only in a script that aft runs; bind the file to a node under "
            "'meta: aft: scripts' in schema.yml and start 'aft dbt run'"
        )
    return _session


def ref(*names: str, v: object = None) -> pandas.DataFrame:
    """All rows of a dbt model, seed or snapshot: ``ref("orders")``.

    Takes what dbt's own `ref` takes: a package's name may come before the model's, and
    ``v`` picks a version. The table is read as it is now; for an ephemeral model it is
    the table that the model's script wrote. Under dbt's ``--empty`` there are no rows, and
    under ``--sample`` those of its window where the model's config has an ``event_time``.

    A column of integers comes as int64. With NULLs among them it comes as float64, or as
    Int64 where float64 would round one of them; other NULLs are what pandas has for them.

    Raises Error when the project has no such model, with the name of the nearest one, and
    WarehouseError when the warehouse refuses.
    """
    return _current().ref(names, v)


def source(source_name: str, table_name: str) -> pandas.DataFrame:
    """All rows of a declared source table: ``source("shop", "payments")``."""
    return _current().source(source_name, table_name)


def write_to_model(
    df: Any, *, mode: str = "overwrite", dtype: Mapping[str, Any] | None = None
) -> None:
    """Write a frame to the table of the model that this script is bound to.

    ``df`` is a pandas or polars DataFrame, an Arrow table or reader, anything else with
    ``__arrow_c_stream__``, or a generator of these, whose frames need not all fit into
    memory; the index of a DataFrame is not written. Other readers see the old rows until
    all new ones are there.

    ``mode="overwrite"`` replaces the table. ``mode="append"`` adds the rows to it and
    makes the table when it is missing; columns are matched by name, in any order.
    ``dtype`` gives the warehouse's type for columns: ``{"amount": "NUMERIC(12, 2)"}``.

    Raises TypeError when ``df`` is not a frame, and Error, with the column where it is
    known, when the rows can't be written; then nothing has changed.
    """
    _current().write_to_model(df, mode, dtype)


def __getattr__(name: str) -> Any:
    if name == "context":
        return _current().context
    raise AttributeError(f"module 'aft' has no attribute '{name}'")
