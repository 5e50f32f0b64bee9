# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import tempfile

import pyarrow as pa
import pytest
from aft import frame_file


def read(*texts: str) -> pa.ChunkedArray:
    """The column of a CSV file with these fields."""
    with tempfile.TemporaryFile() as file:
        file.write("\n".join(["a,b", *(f"{text},x" for text in texts)]).encode())
        file.flush()
        return frame_file.read(os.dup(file.fileno()), "csv").column("a")


def test_lists_are_json_in_csv() -> None:
    with tempfile.TemporaryFile() as file:
        table = pa.table({"a": [[1, None], None, []], "b": [['x,"y'], ["ü"], None]})
        frame_file.write(table, file.fileno(), "csv")

        back = frame_file.read(os.dup(file.fileno()), "csv")

    assert back["a"].to_pylist() == ["[1, null]", None, "[]"]
    assert back["b"].to_pylist() == ['["x,\\"y"]', '["ü"]', None]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("1", "-20", ""), pa.int64()),
        (("9223372036854775807",), pa.int64()),
        (("1.5", "-0.25", "100"), pa.float64()),
        (("1.0", "-0.0", "2.5"), pa.float64()),
        (("1e+05", "1.5e-07", "3"), pa.float64()),
        (("1e5", "1E300"), pa.float64()),
        (("0.30000000000000004",), pa.float64()),
        (("1.10", "2.50"), pa.decimal128(15, 2)),
        (("0.12345678901234567890",), pa.decimal128(38, 20)),
        (("9223372036854775808", "1"), pa.decimal128(38, 0)),
        (("true", "false"), pa.bool_()),
        (("2024-02-29",), pa.date32()),
    ],
)
def test_a_column_has_the_type_that_prints_it_as_it_is(
    texts: tuple[str, ...], kind: pa.DataType
) -> None:
    assert read(*texts).type == kind


@pytest.mark.parametrize(
    "texts",
    [
        ("007",),
        ("1.10", "2.5"),
        ("-0", "1"),
        ("-0.00", "1.25"),
        ("1.0", "2"),
        ("1.50e3",),
        ("+1",),
        ("0.1234567890123456789", "0.5"),
        ("1" * 39,),
        ("1e400",),
        ("1", "x"),
    ],
)
def test_a_column_that_no_type_prints_as_it_is_stays_text(texts: tuple[str, ...]) -> None:
    assert read(*texts).to_pylist() == list(texts)
