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
    assert column([], pa.decimal128(9, 2)).dtype == "float64"
    assert column([], pa.date32()).dtype == "datetime64[s]"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_decimal_that_int64_does_not_hold_is_refused(value: int) -> None:
    with pytest.raises(AftError) as refused:
        column([1, None, Decimal(value), Decimal(value)], pa.decimal128(38, 0))

    assert str(refused.value) == (
        f"cannot read column 'a' of 'orders' as int64: row 3 has {value}; pass "
        'decimals="decimal" to get Python\'s Decimal'
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("0.1", "0.2", "0.3", "-0.7", None),
        ("12345678901234567.1", "0.1"),
        ("9007199254740993.5", "9007199254740992.5"),
        ("-99999999999999999999999999999.9", "0.0"),
    ],
)
def test_a_decimal_becomes_the_nearest_float(texts: tuple[str | None, ...]) -> None:
    wanted = [None if text is None else float(text) for text in texts]

    for scale in (1, 8):
        read = column(decimals(*texts), pa.decimal128(38, scale))
        assert [None if pd.isna(value) else value for value in read] == wanted


@pytest.mark.parametrize("scale", [23, 38])
def test_a_decimal_of_many_places_becomes_the_nearest_float(scale: int) -> None:
    texts = ["0." + "0" * (scale - 3) + "123", "0.1", "0." + "3" * scale]

    read = column(decimals(*texts), pa.decimal128(38, scale))

    assert read.tolist() == [float(text) for text in texts]


def test_digits_that_are_lost_are_counted_in_one_warning(warnings: io.StringIO) -> None:
    long = decimals("0.12345678901234567890", "1.5", "9.99999999999999999999", None)
    table = pa.table({
        "rate": pa.array(long, pa.decimal128(38, 20)),
        "price": pa.array(decimals("0.1", "2.25", None, "3"), pa.decimal128(38, 20)),
    })  # fmt: skip

    to_pandas(table, "'orders'", decimals="float", dates="object")

    assert warnings.getvalue() == (
        "\x1ewarn\x1f'orders' has decimals with more digits than float64 keeps, in column "
        "'rate' (2 of 4 values); decimals=\"decimal\" keeps them all\n"
    )


def test_digits_of_the_least_integer_of_64_bits_are_told(warnings: io.StringIO) -> None:
    column(decimals("-92233720368547758.08"), pa.decimal128(38, 2))

    assert "'a' (1 of 1 values)" in warnings.getvalue()


def test_no_digit_is_lost_in_what_money_comes_in(warnings: io.StringIO) -> None:
    column(decimals("9999999999999.99", "0.01", "-123456789012.3"), pa.decimal128(18, 2))

    assert warnings.getvalue() == ""


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
    chunk = pa.array(decimals("1.5", "2.5", None, "4.5"), pa.decimal128(20, 1))
    table = pa.table({"a": pa.chunked_array([chunk, chunk.slice(1, 2)]).slice(1)})

    frame = to_pandas(table, "'orders'", decimals="float", dates="object")

    assert frame["a"].fillna(0).tolist() == [2.5, 0, 4.5, 2.5, 0]
