# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import io
import sys
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError
from aft.pandas_types import to_pandas


@pytest.fixture(autouse=True)
def warnings(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", stream)
    return stream


def column(
    values: list[Any],
    kind: pa.DataType,
    decimals: str = "float",
    dates: str = "datetime64",
) -> pd.Series[Any]:
    table = pa.table({"a": pa.array(values, kind)})
    frame = to_pandas(table, "'orders'", decimals=decimals, dates=dates)
    return frame["a"]


def decimals(*texts: str | None) -> list[Decimal | None]:
    return [None if text is None else Decimal(text) for text in texts]


@pytest.mark.parametrize("kind", [pa.int64(), pa.decimal128(38, 0)], ids=str)
@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2**62], "int64"),
        ([-(2**63), 2**63 - 1], "int64"),
        ([1, None], "float64"),
        ([2**53, None], "float64"),
        ([2**53 + 1, None], "Int64"),
        ([-(2**60), None], "Int64"),
        ([None, None], "float64"),
    ],
)
def test_integers_are_never_rounded(
    values: list[int | None], dtype: str, kind: pa.DataType
) -> None:
    read = column(values, kind)

    assert str(read.dtype) == dtype
    assert [None if pd.isna(v) else int(v) for v in read] == values


def test_no_values_have_the_types_of_others() -> None:
    assert column([], pa.decimal128(9, 0)).dtype == "int64"
    assert column([], pa.date32()).dtype == "datetime64[s]"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_decimal_that_int64_does_not_hold_is_refused(value: int) -> None:
    with pytest.raises(AftError) as refused:
        column([1, None, Decimal(value), Decimal(value)], pa.decimal128(38, 0))

    assert str(refused.value) == (
        f"cannot read column 'a' of 'orders' as int64: row 3 has {value}; pass "
        'decimals="decimal" to get Python\'s Decimal'
    )


def test_decimals_and_dates_may_stay_pythons(warnings: io.StringIO) -> None:
    day = datetime.date(1, 1, 1)
    digits = decimals("0.12345678901234567890", None)

    assert column(digits, pa.decimal128(38, 20), "decimal").tolist() == digits
    assert column(decimals("7", None), pa.decimal128(9, 0), "decimal").tolist() == [7, None]
    assert column([day, None], pa.date32(), dates="object").tolist() == [day, None]
    assert warnings.getvalue() == ""


def test_dates_can_be_computed_with() -> None:
    days = [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), None]

    read = column(days, pa.date32())

    assert read.dtype == "datetime64[s]"
    assert [None if pd.isna(day) else day.date() for day in read] == days


def test_chunks_and_slices_are_read_as_a_whole() -> None:
    chunk = pa.array(decimals("15", "25", None, "45"), pa.decimal128(20, 0))
    table = pa.table({"a": pa.chunked_array([chunk, chunk.slice(1, 2)]).slice(1)})

    frame = to_pandas(table, "'orders'", decimals="float", dates="object")

    assert frame["a"].fillna(0).tolist() == [25, 0, 45, 25, 0]
