# SPDX-License-Identifier: Apache-2.0
"""How a frame is written into a table: the arguments of `write_to_model`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from aft.column_names import column_names
from aft.errors import AftError
from aft.nearest import did_you_mean

MODES = ("overwrite", "append", "upsert", "delete+insert")
SCHEMA_CHANGES = ("fail", "ignore", "append_new_columns", "sync_all_columns")

Key = Union[str, Iterable[str], None]
"""A column, or several."""
Types = Union[Mapping[str, str], str]
"""The types of columns by their names, or one for all."""


@dataclass(frozen=True)
class WriteOptions:
    """What `aft.write_to_model` takes beside the frame. Raises AftError."""

    mode: str = "overwrite"
    dtype: Any = None
    unique_key: Key = None
    on_schema_change: str | None = None
    key: tuple[str, ...] = field(init=False, default=())  # The columns of `unique_key`.

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        _check("mode", self.mode, MODES)
        has_key = self.mode in ("upsert", "delete+insert")
        if has_key and self.unique_key is None:
            raise AftError(
                f"mode '{self.mode}' takes 'unique_key', the column or columns that rows are "
                "found by"
            )
        if self.unique_key is not None and not has_key:
            raise AftError(
                f"'unique_key' is for the modes 'upsert' and 'delete+insert', and not for "
                f"'{self.mode}'"
            )
        object.__setattr__(self, "key", _key(self.unique_key))
        if self.on_schema_change is not None:
            _check("on_schema_change", self.on_schema_change, SCHEMA_CHANGES)
            if self.mode == "overwrite":
                raise AftError(
                    "'on_schema_change' is for modes that keep the table's rows; 'overwrite' "
                    "gives the table the frame's columns"
                )

    def column_types(self) -> Types:
        """What `dtype` says, as types in SQL. Raises AftError for what is no type."""
        given = {} if self.dtype is None else self.dtype
        if not isinstance(given, Mapping):
            return _sql_type(given, "all columns")
        return {str(name): _sql_type(kind, f"column '{name}'") for name, kind in given.items()}

    def further(self) -> dict[str, Any]:
        """What `Warehouse.write` takes as ``further``."""
        return {"unique_key": list(self.key), "on_schema_change": self.on_schema_change or ""}


def _key(given: Key) -> tuple[str, ...]:
    if given is None:
        return ()
    names: Any = given
    if isinstance(given, str):
        names = [given]
    elif isinstance(given, (set, frozenset)):  # A key has no order either.
        names = sorted(given, key=str)
    return column_names("unique_key", names, "a column's name, or a list of names")


def _sql_type(kind: Any, columns: str) -> str:
    # A type of SQLAlchemy prints itself as SQL; a class of types stands for its default.
    is_sqlalchemys = hasattr(kind, "compile")
    if isinstance(kind, type) and is_sqlalchemys:
        kind = kind()
    text = str(kind).strip() if isinstance(kind, str) or is_sqlalchemys else ""
    if not text:
        raise AftError(
            "'dtype' takes types of the warehouse, such as 'NUMERIC(12, 2)', and not "
            f"{kind!r} for {columns}"
        )
    return text


def _check(argument: str, value: object, known: tuple[str, ...]) -> None:
    if isinstance(value, str) and value in known:
        return
    names = ", ".join(map(repr, known[:-1]))
    raise AftError(
        f"there is no {argument} {value!r}{did_you_mean(str(value), known)} "
        f"(it may be {names} or {known[-1]!r})"
    )
