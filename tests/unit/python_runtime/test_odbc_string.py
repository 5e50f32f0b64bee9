# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from aft import odbc_string


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";;", []),
        ("Driver=A;UID=me", [("Driver", "A"), ("UID", "me")]),
        ("Driver={A B};", [("Driver", "A B")]),
        (" UID = me ; PWD = {s; =}}3} ;Port=1", [("UID", "me"), ("PWD", "s; =}3"),
                                               ("Port", "1")]),
        ("PWD={};UID=", [("PWD", ""), ("UID", "")]),
        ("PWD=a{b}c;UID=me", [("PWD", "a{b}c"), ("UID", "me")]),
        ("PWD=a=b;Q==", [("PWD", "a=b"), ("Q", "=")]),
        ("PWD={a;b", [("PWD", "a;b")]),
        ("PWD={a};b", [("PWD", "a")]),
        ("PWD={a}b;UID=me", [("PWD", "a"), ("UID", "me")]),
        ("PWD={}}};UID=me", [("PWD", "}"), ("UID", "me")]),
    ],
)  # fmt: skip
def test_attributes_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(odbc_string.attributes(text)) == expected


@pytest.mark.parametrize("value", ["", "a", "{", "}", "}}", ";", "a;b}c{d=", " a "])
def test_any_value_survives_in_braces(value: str) -> None:
    text = f"A=1;PWD={odbc_string.braced(value)};B=2"

    assert list(odbc_string.attributes(text)) == [("A", "1"), ("PWD", value), ("B", "2")]


def test_a_value_is_found_by_its_name_in_any_case() -> None:
    assert odbc_string.value("dsn=a;DSN=b", "dsn") == "a"
    assert odbc_string.value("Uid=a", "pwd", "uid") == "a"
    assert odbc_string.value("A=DSN=b", "dsn") is None


@pytest.mark.parametrize(
    ("first_wins", "expected"),
    [(False, "Driver=A;fetch=5;N=1;P=2"), (True, "N=1;P=2;Driver=A;fetch=5")],
)
def test_what_is_needed_goes_where_it_counts(first_wins: bool, expected: str) -> None:
    given, needed = "Driver=A;fetch=5;", {"N": 1}

    completed = odbc_string.completed(given, needed, {"Fetch": 1, "P": 2}, first_wins)

    assert completed == expected
