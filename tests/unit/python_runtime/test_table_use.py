# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
from aft.table_use import may_write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write_to_model(frame)", True),
        ("import aft\naft.write_to_model(1)", True),
        ("getattr(aft, 'write_to_model')(1)", True),
        ("execute_sql('drop table t')", True),
        ("exec(text)", True),
        ("import helper", True),
        ("from helper import work", True),
        ("from . import work", True),
        ("this is no Python", True),
        ("import json\nprint(ref('orders'))", False),
        ("def model(dbt, session):\n    return dbt.ref('orders')", False),
        ("# write_to_model(frame)", False),
        ("", False),
    ],
)
def test_python_may_write_where_it_names_what_does(
    tmp_path: Path, text: str, expected: bool
) -> None:
    (tmp_path / "helper.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text(text)
    notebook = tmp_path / "script.ipynb"
    cell = {"cell_type": "code", "source": text}
    notebook.write_text(json.dumps({"nbformat": 4, "cells": [cell]}))

    for path in (script, notebook):
        assert may_write(path, is_python=True, folders=[tmp_path]) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'./score | aft write "$AFT_NODE"', True),
        (b'system2("aft", c("write", node))', True),
        (b"\x7fELF\0", True),
        (b"aft read orders > orders.csv", False),
        (b"echo done", False),
    ],
)
def test_other_scripts_may_write_where_their_text_has_the_command(
    tmp_path: Path, content: bytes, expected: bool
) -> None:
    script = tmp_path / "script"
    script.write_bytes(content)

    assert may_write(script, is_python=False, folders=[tmp_path]) == expected
