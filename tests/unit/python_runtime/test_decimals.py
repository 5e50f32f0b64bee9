# SPDX-License-Identifier: Apache-2.0
"""What decimals become in the frames that are read, on each database that has them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import aft
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError
from aft.query import Sql

from tests.support.postgres import PostgresServer
from tests.unit.python_runtime.module.sqlite import connection_string
from tests.unit.python_runtime.place import Place


def skip_without_long_decimals(place: Place) -> None:
    if place.name == "sqlite":
        pytest.skip("SQLite keeps no decimals")
    if place.name == "duckdb":
        with pytest.raises(AftError, match="width must be between 1 and 38"):
            place.tables().read_sql("select 1::decimal(39)")
        pytest.skip("DuckDB's decimals have up to 38 digits")


def test_decimals_of_arrow_are_what_is_asked_for(place: Place) -> None:
    if place.name == "sqlite":
        pytest.skip("SQLite keeps no decimals")
    whole, money, bare = pa.decimal128(12, 0), pa.decimal128(12, 2), pa.decimal128(38, 18)
    place.run(
        f"create table {place.schema}.exact (n decimal(12, 0), amount decimal(12, 2)"
        f"{', bare numeric' if place.name == 'postgres' else ''})"
    )

    def types(decimals: str | None) -> list[pa.DataType]:
        table = place.tables().ref(("exact",), None, frame="arrow", decimals=decimals)
        return list(table.schema.types)

    last = 3 if place.name == "postgres" else 2
    assert types(None) == [whole, money, pa.float64()][:last]
    assert types("decimal") == [whole, money, bare][:last]
    assert types("float") == [pa.int64(), pa.float64(), pa.float64()][:last]
    tables = place.tables(choices={"decimals": "decimal"})
    assert tables.ref(("exact",), None, frame="arrow").schema.types == types("decimal")


def test_decimals_of_a_generator_are_numbers_of_any_frame(place: Place) -> None:
    values = [Decimal("1.5"), Decimal("123456.25"), Decimal("-99999.125")]
    place.run(f"drop table if exists {place.schema}.typed")

    place.write((pd.DataFrame({"n": [value]}) for value in values), "typed")

    read = place.tables().ref(("typed",), None, decimals="float")
    assert sorted(read["n"]) == sorted(map(float, values))


NEAREST = [
    "0.1",
    "-0.7",
    "12345678901234567.1",
    "9007199254740993.5",
    "-99999999999999999.9",
    "0.00000000000000000123",
    "9999999999999.99",
    "-92233720368547758.08",
]


def test_a_decimal_becomes_the_nearest_float(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    if place.name == "sqlite":
        pytest.skip("SQLite keeps no decimals")
    place.run(f"drop table if exists {place.schema}.typed")
    place.run(f"create table {place.schema}.typed (id int, n decimal(38, 20))")
    values = ", ".join(f"({at}, {text})" for at, text in enumerate(NEAREST))
    place.run(f"insert into {place.schema}.typed values {values}")

    read = place.tables().ref(("typed",), None).sort_values("id")
    nothing = place.tables().ref(("typed",), None, where="1 = 0")

    place.run(f"drop table {place.schema}.typed")
    assert read["n"].tolist() == [float(text) for text in NEAREST]
    assert nothing["n"].dtype == "float64"
    assert (
        f"{place.schema}.typed has decimals with more digits than float64 keeps, in column "
        "'n' (4 of 8 values); decimals=\"decimal\" keeps all that are declared, and else up "
        "to 18 behind the point\n"
    ) in capfd.readouterr().err


def test_not_a_number_is_one_in_pandas(place: Place) -> None:
    if place.name != "postgres":
        pytest.skip("only PostgreSQL has decimals that are none")
    rows = "select 'NaN'::numeric(10, 2) as a, 'NaN'::numeric as b"

    read = place.tables().read_sql(rows)

    assert read.isna().to_numpy().all()
    with pytest.raises(AftError, match="row 1 holds 'NaN' in a column of decimals of 10 dig"):
        place.tables().read_sql(rows, frame="arrow")


@pytest.mark.parametrize(
    ("value", "digits", "read", "exact"),
    [
        ("99999999999999999999.5", "60, 20", 1e20, "99999999999999999999.500000000000000000"),
        ("0.25", "65, 30", 0.25, "0.250000000000000000"),
        ("12345678901234567890.5", "50, 10", 12345678901234567890.5, None),
    ],
)
def test_decimals_of_more_digits_than_arrow_has_are_numbers(
    place: Place, value: str, digits: str, read: float, exact: str | None
) -> None:
    skip_without_long_decimals(place)
    query = f"select cast({value} as decimal({digits})) as n"
    tables = place.tables()

    assert tables.read_sql(query)["n"].tolist() == [read]
    arrow = tables.read_sql(query, frame="arrow")["n"]
    declared = pa.decimal128(38, 10) if exact is None else pa.float64()
    assert (arrow.type, float(arrow[0].as_py())) == (declared, read)
    wanted = exact or value + "000000000"
    assert str(tables.read_sql(query, decimals="decimal")["n"][0]) == wanted


def test_a_decimal_that_arrow_does_not_hold_is_refused_with_advice(place: Place) -> None:
    skip_without_long_decimals(place)
    value = "1" * 30 + "." + "5" * 10

    with pytest.raises(AftError) as refused:
        place.tables().read_sql(f"select cast({value} as decimal(50, 10)) as n", frame="arrow")

    assert str(refused.value) == (
        f"cannot read column 'n': row 1 holds '{value}' in a column of decimals of 38 digits, "
        "10 of them behind the point; cast it in the query to a decimal that holds it, or to "
        'text, or read it with decimals="float"'
    )


def test_digits_that_a_float_loses_are_told_of_a_stream_too(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    if place.name != "postgres":
        pytest.skip("only PostgreSQL has decimals without declared digits")
    query = Sql("select 1.0 / 3 as n, 0.5 as m")
    told = "column 'n' (1 of 1 values); decimals=\"decimal\" keeps"

    place.warehouse.read_table(query)
    assert told in capfd.readouterr().err
    place.warehouse.stream(query).read_all()
    assert capfd.readouterr().err.count(told) == 1


def test_decimals_without_a_precision_say_what_they_lose(postgres: PostgresServer) -> None:
    place = postgres.connection_string

    told = r"float64 keeps, in column 'b' \(1 of 1 values\)"
    with pytest.warns(UserWarning, match=told) as warnings:
        frame = aft.read_sql(place, "select 12.5::numeric as a, 1.0 / 3 as b")
    assert [warning.filename for warning in warnings] == [__file__]
    assert frame.to_dict("records") == [{"a": 12.5, "b": 1 / 3}]
    exact = aft.read_sql(place, "select 1.000000000000000001 as a", decimals="decimal")
    assert exact["a"].tolist() == [Decimal("1.000000000000000001")]
    with pytest.raises(AftError, match="column 'a': row 1 holds '0"):
        aft.read_sql(place, "select 1.0 / 3 as a", decimals="decimal")


@pytest.mark.parametrize("mode", ["overwrite", "upsert"])
@pytest.mark.parametrize("declared", ["DECIMAL(30, 10)", "REAL", "TEXT", "", None])
@pytest.mark.filterwarnings("ignore:.*the column gets another type")
def test_a_decimal_that_sqlite_would_round_is_kept_as_text_or_refused(
    tmp_path: Path, declared: str | None, mode: str
) -> None:
    path, number = tmp_path / "shop.db", Decimal("1234567890.12345678901")
    key = ["k"] if mode == "upsert" else None
    with closing(sqlite3.connect(path)) as connection:
        if declared is not None:
            connection.execute(f"create table t (k integer, n {declared})")
    frame = pa.table({"k": pa.array([1], pa.int64()), "n": [number]})
    refusal = ""
    try:
        aft.write_table(connection_string(path), frame, "t", mode=mode, unique_key=key)
    except AftError as error:
        refusal = str(error)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select n from t").fetchall()

    assert "can't hold it exactly" in refusal or not refusal
    assert rows == ([] if refusal else [(str(number),)])
