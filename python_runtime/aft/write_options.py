# SPDX-License-Identifier: Apache-2.0
"""How a frame is written into a table: the arguments of `write_to_model`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Union

from aft.errors import AftError
from aft.nearest import did_you_mean

MODES = ("overwrite", "append", "upsert", "delete+insert")
SCHEMA_CHANGES = ("fail", "ignore", "append_new_columns", "sync_all_columns")

Key = Union[str, Iterable[str], None]
"""A column, or several."""


@dataclass(frozen=True)
class WriteOptions:
    """What `aft.write_to_model` takes beside the frame. Raises AftError."""

    mode: str = "overwrite"
    dtype: Any = None
    unique_key: Key = None
    on_schema_change: str | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        _check("mode", self.mode, MODES)
        has_key = self.mode in ("upsert", "delete+insert")
        if has_key and not self.key:
            raise AftError(
                f"mode '{self.mode}' takes 'unique_key', the column or columns that rows are "
                "found by"
            )
        if self.unique_key is not None and not has_key:
            raise AftError(
                f"'unique_key' is for the modes 'upsert' and 'delete+insert', and not for "
                f"'{self.mode}'"
            )
        if self.on_schema_change is not None:
            _check("on_schema_change", self.on_schema_change, SCHEMA_CHANGES)
            if self.mode == "overwrite":
                raise AftError(
                    "'on_schema_change' is for modes that keep the table's rows; 'overwrite' "
                    "gives the table the frame's columns"
                )

    @property
    def key(self) -> list[str]:
        """The columns of `unique_key`."""
        if self.unique_key is None:
            return []
        names = [self.unique_key] if isinstance(self.unique_key, str) else [*self.unique_key]
        if not all(isinstance(name, str) for name in names):
            raise AftError("'unique_key' takes a column's name, or a list of names")
        return names

    def column_types(self) -> dict[str, str]:
        """What `dtype` says, as names of columns and types in SQL."""
        if self.dtype is None:
            return {}
        if not isinstance(self.dtype, Mapping):
            raise AftError("'dtype' must map names of columns to types of the warehouse")
        # A type of SQLAlchemy prints itself as SQL; a class of types stands for its default.
        return {
            str(name): str(kind() if isinstance(kind, type) else kind)
            for name, kind in self.dtype.items()
        }

    def further(self) -> dict[str, Any]:
        """What `Warehouse.write` takes as ``further``."""
        return {"unique_key": self.key, "on_schema_change": self.on_schema_change or ""}


def _check(argument: str, value: object, known: tuple[str, ...]) -> None:
    if value in known:
        return
    names = ", ".join(map(repr, known[:-1]))
    raise AftError(
        f"there is no {argument} {value!r}{did_you_mean(str(value), known)} "
        f"(it may be {names} or {known[-1]!r})"
    )
