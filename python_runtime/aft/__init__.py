# SPDX-License-Identifier: Apache-2.0
"""What a script can do that runs after or before a dbt node.

The names of this module are there in every script without an import. Importing them gives
the same functions, so that editors and type checkers know them::

    from aft import context, ref, write_to_model

    orders = ref("orders")
    orders["late"] = orders.delivered_at > orders.promised_at
    write_to_model(orders[["order_id", "late"]])
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aft.errors import AftError as Error

if TYPE_CHECKING:
    import pandas

    from aft.script import ScriptSession
    from aft.script_context import Context

    context: Context

__all__ = ["Error", "context", "ref", "source", "write_to_model"]
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
    ``v`` picks a version. The table is read as it is now; for an ephemeral model it is the
    table that the model's script wrote.

    Raises Error when the project has no such model, with the name of the nearest one, and
    when the warehouse refuses, with its SQLSTATE and text.
    """
    return _current().ref(names, v)


def source(source_name: str, table_name: str) -> pandas.DataFrame:
    """All rows of a declared source table: ``source("shop", "payments")``."""
    return _current().source(source_name, table_name)


def write_to_model(
    df: Any, *, mode: str = "overwrite", dtype: Mapping[str, Any] | None = None
) -> None:
    """Write a frame to the table of the model that this script is bound to.

    ``df`` is a pandas or polars DataFrame, an Arrow table, anything else with
    ``__arrow_c_stream__``, or a generator of these; the index of a DataFrame is not
    written. Other readers see the old rows until all new ones are there.

    ``mode="overwrite"`` replaces the table. ``mode="append"`` adds the rows to it and makes
    the table when it is missing; columns are matched by name, in any order.
    ``dtype`` gives the warehouse's type for columns: ``{"amount": "NUMERIC(12, 2)"}``.

    Raises TypeError when ``df`` is not a frame, and Error, with column and row where they
    are known, when the rows can't be written; then nothing has changed.
    """
    _current().write_to_model(df, mode, dtype)


def __getattr__(name: str) -> Any:
    if name == "context":
        return _current().context
    raise AttributeError(f"module 'aft' has no attribute '{name}'")
