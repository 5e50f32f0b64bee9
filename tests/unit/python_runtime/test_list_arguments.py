# SPDX-License-Identifier: Apache-2.0
"""Arguments that take several columns, in each form that Python has for several things."""

from __future__ import annotations

import decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError
from aft.read_options import ReadOptions
from aft.write_options import WriteOptions

from tests.unit.python_runtime.place import Place

KEY = "'unique_key' takes a column's name, or a list of names"
COLUMNS = '\'columns\' takes a list of names, such as ["id", "amount"]'
TYPES = "'dtype' takes types of the warehouse, such as 'NUMERIC(12, 2)', and not"


@pytest.mark.parametrize(
    "form", [iter, set, tuple, pd.Index, np.array], ids=lambda form: form.__name__
)
def test_a_key_may_be_given_in_any_form(place: Place, form: Any) -> None:
    place.write(pa.table({"id": [1, 2], "day": [1, 1], "n": [1, 2]}), "copy")
    options = WriteOptions("upsert", unique_key=form(["id", "day"]))

    rows = pa.table({"id": [2], "day": [1], "n": [9]})
    place.warehouse.write(rows, place.relation("copy"), "upsert", {}, options.further())

    assert sorted(place.tables().ref(("copy",), None)["n"]) == [1, 9]


def test_a_name_in_other_case_is_the_databases(place: Place) -> None:
    place.write(pa.table({"id": [1], "n": [1]}), "copy")
    options = WriteOptions("upsert", unique_key="ID")
    rows = pa.table({"id": [1], "n": [9]})

    def write() -> None:
        place.warehouse.write(rows, place.relation("copy"), "upsert", {}, options.further())

    if place.name == "postgres":
        with pytest.raises(AftError, match="a column 'ID', which the frame doesn't have"):
            write()
    else:
        write()

    expected = 1 if place.name == "postgres" else 9
    assert place.tables().ref(("copy",), None)["n"].tolist() == [expected]


@pytest.mark.parametrize("given", [5, [], "", [""], {"id": 1}, b"id", ["id", 1], [["id"]]])
def test_what_is_no_list_of_columns_is_refused(given: Any) -> None:
    with pytest.raises(AftError) as key:
        WriteOptions("upsert", unique_key=given)
    with pytest.raises(AftError) as columns:
        ReadOptions(columns=given)

    assert (str(key.value), str(columns.value)) == (KEY, COLUMNS)


def test_columns_that_are_read_have_an_order() -> None:
    names: Any = (name for name in "ba")
    assert ReadOptions(columns=names).columns == ("b", "a")
    names = {"a", "b"}
    with pytest.raises(AftError) as refused:
        ReadOptions(columns=names)
    assert str(refused.value) == COLUMNS


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(AftError) as refused:
        WriteOptions("upsert", unique_key=iter(["id", "id"]))
    assert str(refused.value) == "'unique_key' names 'id' more than once"


@pytest.mark.parametrize("kind", [int, None, "", " ", np.float64, decimal.Decimal, ["text"]])
def test_what_is_no_type_of_the_warehouse_is_refused(kind: Any) -> None:
    with pytest.raises(AftError) as refused:
        WriteOptions(dtype={"a": kind}).column_types()
    assert str(refused.value) == f"{TYPES} {kind!r} for column 'a'"


def test_one_type_may_be_given_for_all_columns(place: Place) -> None:
    polars = pytest.importorskip("polars")
    numbers = pa.table({"id": [1, 2], "n": [3, 4]})
    types = WriteOptions(dtype="varchar(9)").column_types()

    for frame in (numbers, numbers.to_pandas(), polars.from_arrow(numbers), iter([numbers])):
        place.warehouse.write(frame, place.relation("copy"), "overwrite", types)

        copy = place.tables().ref(("copy",), None, frame="arrow")
        assert copy.to_pydict() == {"id": ["1", "2"], "n": ["3", "4"]}, type(frame)


@pytest.mark.parametrize("dtype", [5, "", int, ["text"], {"text"}])
def test_what_is_no_type_for_all_columns_is_refused(dtype: Any) -> None:
    with pytest.raises(AftError) as refused:
        WriteOptions(dtype=dtype).column_types()
    assert str(refused.value) == f"{TYPES} {dtype!r} for all columns"
