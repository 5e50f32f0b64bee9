# SPDX-License-Identifier: Apache-2.0
"""What aft makes of DuckDB's SQL, types and decimals, without a database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from aft.transports.decimal_reals import nearest_reals
from aft.transports.duckdb_statement import gives_rows
from aft.transports.duckdb_types import readable
from aft.transports.literals import with_literals, without_end


@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("select ?", [1], "select CAST(1 AS BIGINT)"),
        ("'?' \"?\" $$?$$ $a$?$a$ -- ?\n/* ? */ ?", [None], None),
        (r"select E'it\'s ?', ?", [True], r"select E'it\'s ?', TRUE"),
        ("select ?", [("text", "it's", 0, 0)], "select 'it''s'"),
        ("select ?", [("decimal", "1.50", 3, 2)], "select CAST('1.50' AS DECIMAL(3,2))"),
        ("select ?", [b"\0'"], r"select CAST('\x00\x27' AS BLOB)"),
        ("select ?", [0.1], "select CAST('0.1' AS DOUBLE)"),
    ],
)
def test_marks_become_literals(sql: str, parameters: list[Any], expected: str | None) -> None:
    assert with_literals(sql, parameters) == (expected or sql[:-1] + "NULL")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1;", "select 1"),
        ("select 1 -- a\n; /* b */ ;\n", "select 1"),
        ("select '--' ; -- ;", "select '--'"),
        ("/* a */ select 1 /* b */ + 1", "/* a */ select 1 /* b */ + 1"),
        ("-- nothing", ""),
    ],
)
def test_the_end_of_a_statement_is_left_out(sql: str, expected: str) -> None:
    assert without_end(sql) == expected


@pytest.mark.parametrize(
    ("kind", "in_module", "in_file"),
    [
        ("INTEGER[3]", "INTEGER[3]", "INTEGER[]"),
        ('STRUCT("BIT" UUID, b BIT[])', 'STRUCT("BIT" UUID, b VARCHAR[])', None),
        (
            "STRUCT(BIT BIT, a1BIT STRUCT(ENUM DECIMAL(3,1), x BIT)[], UNION BIT)",
            "STRUCT(BIT VARCHAR, a1BIT STRUCT(ENUM DECIMAL(3,1), x VARCHAR)[], UNION VARCHAR)",
            None,
        ),
        ("MAP(ENUM('a)', 'b'), UNION(x BIT))", "MAP(VARCHAR, VARCHAR)", None),
        ("TIME WITH TIME ZONE[]", "VARCHAR[]", None),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE", None),
        ("HUGEINT", "DECIMAL(38,0)", None),
    ],
)
def test_types_that_arrow_lacks_are_read_as_others(
    kind: str, in_module: str, in_file: str | None
) -> None:
    assert readable(kind, in_file=False) == in_module
    expected = in_file or in_module.replace("UUID", "VARCHAR")
    assert readable(kind, in_file=True) == expected


def test_a_change_gives_rows_where_it_says_so() -> None:
    assert not gives_rows("INSERT", False, "insert into t values ('returning') -- returning")
    assert gives_rows("INSERT", False, "insert into t values (1)\nRETURNING a")


@pytest.mark.parametrize(
    ("texts", "rounded"),
    [
        (["0.1", None, "-0.7", "999999999999999"], 0),
        (["12345678901234567.1", "9007199254740993.5", "0.5"], 2),
        (["0.00000000000000000000000123", "-0.3"], 0),
        ([None, None], 0),
        ([], 0),
    ],
)
def test_a_decimal_becomes_the_double_next_to_it(
    texts: list[str | None], rounded: int
) -> None:
    decimals = [None if text is None else Decimal(text) for text in texts]
    scale = max([-int(d.as_tuple().exponent) for d in decimals if d is not None], default=0)
    values = pa.array([None, *decimals, None], pa.decimal128(38, scale)).slice(1, len(texts))

    reals, count = nearest_reals(values)

    assert reals.to_pylist() == [None if text is None else float(text) for text in texts]
    assert count == rounded
