# SPDX-License-Identifier: Apache-2.0
"""Values for the parameter marks of a query, as the extension module takes them."""

from __future__ import annotations

import datetime as dt
import math
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aft.column_names import NO_LISTS
from aft.errors import AftError

_TAKEN = "None, bool, int, float, Decimal, str, bytes, date and datetime"
_LARGEST = 2**63 - 1
# A double keeps as many decimal digits, whatever they are.
_DIGITS_OF_DOUBLE = 15

Parameter = Any
"""None, bool, int of 64 bits, float or bytes; or a text with its kind, precision and scale."""


@dataclass(frozen=True)
class Abilities:
    """What a database and its driver can hold."""

    decimals: bool = True  # Else numbers are integers and doubles.
    nul_in_text: bool = False


def bound(parameters: object, abilities: Abilities) -> list[Parameter]:
    """The parameters as `_aft.Connection.read` takes them. Raises AftError."""
    if parameters is None:
        return []
    is_list = isinstance(parameters, Iterable) and not isinstance(parameters, NO_LISTS)
    # A DataFrame would give the names of its columns.
    if not is_list or getattr(parameters, "ndim", 1) != 1:
        raise AftError(
            "'parameters' takes a list with a value for each '?' of the query, and not "
            f"{_kind(parameters)}"
        )
    values: Iterable[object] = parameters  # type: ignore[assignment]
    return [_bound(value, number, abilities) for number, value in enumerate(values, start=1)]


def _bound(value: object, number: int, abilities: Abilities) -> Parameter:
    if value is None or isinstance(value, (bool, bytes)):
        return value
    if isinstance(value, str):
        if "\0" in value and not abilities.nul_in_text:
            raise AftError(f"parameter {number} is a text with a NUL character in it")
        return _text("text", value, number)
    if isinstance(value, dt.datetime):
        return _moment(value, number)
    if isinstance(value, dt.date):
        return _text("date", value.isoformat(), number)
    if isinstance(value, Decimal):
        return _decimal(value, number, abilities)
    if isinstance(value, numbers.Integral):
        whole = int(value)
        if -_LARGEST - 1 <= whole <= _LARGEST:
            return whole
        return _decimal(Decimal(whole), number, abilities)
    if isinstance(value, numbers.Real):
        return _finite(float(value), number)
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise AftError(
        f"parameter {number} is {_kind(value)}, which cannot be bound; parameters are {_TAKEN}"
    )


def _text(
    kind: str, text: str, number: int, precision: int = 0, scale: int = 0
) -> tuple[str, str, int, int]:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AftError(f"parameter {number} is a text with half a character in it") from None
    return kind, text, precision, scale


def _moment(value: dt.datetime, number: int) -> Parameter:
    if value != value:  # pandas' NaT.
        raise AftError(f"parameter {number} is {value!r}; pass None for NULL")
    if getattr(value, "nanosecond", 0):
        raise AftError(f"parameter {number} has nanoseconds, which datetime does not keep")
    if value.tzinfo is not None:
        # The session's time zone is UTC.
        value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    # As aft writes it: SQLite compares texts.
    text = value.isoformat(" ")
    return _text("timestamp", text, number, len(text), 6 if value.microsecond else 0)


def _decimal(value: Decimal, number: int, abilities: Abilities) -> Parameter:
    _finite(value, number)
    text = format(value, "f")
    whole, _, fraction = text.lstrip("-").partition(".")
    if not abilities.decimals:
        # A longer one is kept as text.
        is_short = len((whole + fraction).strip("0")) <= _DIGITS_OF_DOUBLE
        return float(value) if is_short else _text("text", text, number)
    return _text("decimal", text, number, len(whole) + len(fraction), len(fraction))


def _finite(value: Any, number: int) -> Any:
    if math.isfinite(value):
        return value
    raise AftError(
        f"parameter {number} is {value}, which not every database has; pass None for NULL"
    )


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
