# SPDX-License-Identifier: Apache-2.0
"""What `ref` and `source` are asked for beside a table's name, and the frames they give."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from aft.column_names import column_names
from aft.errors import AftError
from aft.install_hint import how_to_install
from aft.nearest import did_you_mean
from aft.pandas_types import to_pandas
from aft.profile import CHOICES
from aft.query import Reading

MOST_PARTITIONS = 64
_COLUMNS = 'a list of names, such as ["id", "amount"]'
FRAMES = ("pandas", "polars", "arrow", "batches")


@dataclass(frozen=True)
class ReadOptions:
    """Which columns and rows of a table to read, and as which frame. Raises AftError."""

    frame: str = "pandas"
    columns: tuple[str, ...] | None = None  # Or another iterable of names.
    where: str | None = None
    limit: int | None = None
    decimals: str | None = None  # See `pandas_types`; None for what the project wants.
    dates: str | None = None
    infinite_dates: str | None = None  # "error", or "null" for NULL in their place.
    partitions: int = 1  # How many connections read at once.

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.frame not in FRAMES:
            raise AftError(
                f"there is no frame {self.frame!r}{did_you_mean(str(self.frame), FRAMES)} "
                "(the frames are 'pandas', 'polars', 'arrow' and 'batches')"
            )
        if self.columns is not None:
            object.__setattr__(
                self, "columns", column_names("columns", self.columns, _COLUMNS)
            )
        if self.where is not None and not isinstance(self.where, str):
            raise AftError("'where' takes a condition in SQL, such as \"amount > 10\"")
        is_number = isinstance(self.limit, int) and not isinstance(self.limit, bool)
        if self.limit is not None and not (is_number and self.limit >= 0):
            raise AftError(f"'limit' takes a number of rows, and not {self.limit!r}")
        self._check_partitions()
        for name, choices in CHOICES.items():
            chosen = getattr(self, name)
            if chosen is not None and chosen not in choices:
                known = " or ".join(map(repr, choices))
                raise AftError(f"{name!r} must be {known}, and not {chosen!r}")
        if self.dates is not None and self.frame != "pandas":
            raise AftError(f"'dates' is for pandas frames, and not for {self.frame!r}")
        if self.frame == "polars":
            _polars()

    def _check_partitions(self) -> None:
        if not isinstance(self.partitions, int) or not 1 <= self.partitions <= MOST_PARTITIONS:
            raise AftError(
                f"'partitions' takes a number of connections up to {MOST_PARTITIONS}, and not "
                f"{self.partitions!r}"
            )
        if self.partitions == 1:
            return
        if self.frame == "batches":
            raise AftError(
                "'partitions' is for whole frames, because 'batches' keeps one batch in memory"
            )

    def reading(self, defaults: Mapping[str, str]) -> Reading:
        """What the warehouse's values are read as; ``defaults`` as in `to_frame`."""
        return Reading(self._decimals(defaults), self._chosen("infinite_dates", defaults))

    def _decimals(self, defaults: Mapping[str, str]) -> str:
        if (self.decimals or defaults.get("decimals")) == "decimal":
            return "exact"
        if self.frame == "pandas":
            return "float"
        return "declared" if self.decimals is None else "real"

    def to_frame(self, table: pa.Table, name: str, defaults: Mapping[str, str]) -> Any:
        """The table, which messages call ``name``, as the frame that was asked for.

        ``defaults`` are for those of `CHOICES` that nothing was said about.
        """
        if self.frame == "pandas":
            decimals, dates = (self._chosen(key, defaults) for key in ("decimals", "dates"))
            return to_pandas(table, name, decimals=decimals, dates=dates)
        return _polars().from_arrow(table) if self.frame == "polars" else table

    def _chosen(self, key: str, defaults: Mapping[str, str]) -> str:
        return getattr(self, key) or defaults.get(key, CHOICES[key][0])


def _polars() -> Any:
    """Not imported before it is asked for: its threads do not survive a fork."""
    try:
        return importlib.import_module("polars")
    except ModuleNotFoundError:
        raise AftError(f"frame='polars' needs polars; {how_to_install(['polars'])}") from None
