# SPDX-License-Identifier: Apache-2.0
"""dbt's own form of a Python model: `def model(dbt, session)`, which returns its frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from aft.errors import AftError
from aft.write_options import WriteOptions

if TYPE_CHECKING:
    from aft.session import BoundScript

# What dbt's strategies are called here; without a key there is nothing to merge by.
_MODES = {"append": "append", "merge": "upsert", "delete+insert": "delete+insert"}
# dbt has this where nobody has said anything.
_DEFAULT_SCHEMA_CHANGE = "ignore"


class MissingEngine(AftError, AttributeError):
    """Something that Snowpark or PySpark would have."""


class Frame(pd.DataFrame):  # type: ignore[misc]
    """A DataFrame that answers to the names that other engines' frames begin with."""

    @property
    def _constructor(self) -> type[Frame]:
        return Frame

    def to_pandas(self) -> pd.DataFrame:
        """As Snowpark's and polars' frames."""
        return pd.DataFrame(self)

    def pl(self) -> Any:
        """As DuckDB's relations: a polars DataFrame."""
        import polars

        return polars.from_pandas(pd.DataFrame(self))

    toPandas = to_pandas  # noqa: N815
    df = to_pandas


class Config:
    """`dbt.config`: takes the model's settings, and gives them."""

    def __init__(self, known: dict[str, Any], materialized: str) -> None:
        # For dbt it is ephemeral, whatever the model says.
        self._known = {**known, "materialized": materialized}
        self._meta: dict[str, Any] = known.get("meta") or {}
        self._given: dict[str, Any] = {}

    def __call__(self, **settings: Any) -> None:
        """Keep the settings. dbt has read them from the text, as far as they are there."""
        self._given |= settings

    def get(self, key: str, default: Any = None) -> Any:
        """A setting of the model, or of its meta."""
        for settings in (self._given, self._known, self._meta):
            if settings.get(key) is not None:
                return settings[key]
        return default

    def meta_get(self, key: str, default: Any = None) -> Any:
        """What the model's meta says."""
        return self._meta.get(key, default)


class Dbt:
    """What `dbt` is in a model."""

    def __init__(self, session: BoundScript) -> None:
        self._session = session
        self.this = session.this
        materialized = session.python_model.get("materialized") or "table"
        self.config = Config(session.own_config, materialized)

    @property
    def is_incremental(self) -> bool:
        """Whether to add to the rows of earlier runs."""
        return self._session.is_incremental(self.config.get("materialized"))

    def ref(self, *names: str, v: object = None, version: object = None) -> Frame:
        """Read a model."""
        return Frame(self._session.ref(names, v if version is None else version))

    def source(self, source: str, table: str) -> Frame:
        """Read a source."""
        return Frame(self._session.source(source, table))


class Session:
    """What `session` is in a model: no engine, but what runs SQL."""

    def __init__(self, session: BoundScript) -> None:
        self._session = session

    def sql(self, statement: str) -> Frame:
        """Run a statement; its rows."""
        return Frame(self._session.execute_sql(statement))

    def __getattr__(self, name: str) -> NoReturn:
        """Say what there is instead."""
        raise MissingEngine(
            f"there is no session.{name}, which needs Snowpark or PySpark: aft runs the model "
            "as plain Python with pandas; use dbt.ref(), dbt.source() or session.sql()"
        )


def run(model: Callable[[Dbt, Session], Any] | None, session: BoundScript) -> None:
    """Call the model's function, and write what it returns."""
    if model is None:
        raise AftError("the file no longer defines model(dbt, session)")
    dbt = Dbt(session)
    frame = model(dbt, Session(session))
    if frame is None:
        raise AftError("model() has returned no frame; let it end with 'return' and the frame")
    session.write_to_model(frame, _write_options(dbt))


def _write_options(dbt: Dbt) -> WriteOptions:
    if not dbt.is_incremental:
        return WriteOptions()
    key = dbt.config.get("unique_key")
    strategy = dbt.config.get("incremental_strategy") or ("merge" if key else "append")
    if strategy not in _MODES:
        raise AftError(
            f"aft does not know the incremental_strategy '{strategy}' for Python models; it "
            f"may be {', '.join(_MODES)}"
        )
    mode = _MODES[strategy]
    change = dbt.config.get("on_schema_change")
    return WriteOptions(
        mode,
        unique_key=None if mode == "append" else key,
        on_schema_change=None if change == _DEFAULT_SCHEMA_CHANGE else change,
    )
