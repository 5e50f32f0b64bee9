# SPDX-License-Identifier: Apache-2.0
"""Rows for a table whose columns are not the frame's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from aft import _aft

from tests.support.place import Place, frame

KEYED = ("upsert", "delete+insert")


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_columns_change_as_dbt_would_change_them(place: Place, mode: str) -> None:
    place.make("k int, old int", "1, 7")
    key = ["k"] if mode in KEYED else None
    nothing = "NULL" if place.server == "mariadb" else ""
    wider = frame(k=[2], new=["a"])

    with pytest.raises(_aft.Error, match="the table has no column 'new'; add it"):
        place.write(wider, mode, key)
    with pytest.raises(_aft.Error, match="the frame has no column 'old', which"):
        place.write(frame(k=[2]), mode, key, on_schema_change="fail")
    ignored = place.write(wider, mode, key, on_schema_change="ignore")
    assert place.rows() == ["1|7", f"2|{nothing}"]
    place.write(frame(k=[3], new=["a"]), mode, key, on_schema_change="append_new_columns")
    assert place.rows() == ["1|7|" + nothing, f"2|{nothing}|{nothing}", f"3|{nothing}|a"]
    place.write(frame(k=[4], new=["b"]), mode, key, on_schema_change="sync_all_columns")

    assert place.rows() == [f"1|{nothing}", f"2|{nothing}", "3|a", "4|b"]
    assert ignored == (
        f"on_schema_change for '{place.schema}.t': left out: the table doesn't have them: "
        f"'new'\n'{place.schema}.t' gets NULL in new rows for columns that the frame doesn't "
        "have: 'old'"
    )
    assert place.tables() == ["t"]


def test_a_write_that_fails_leaves_the_columns(place: Place) -> None:
    place.make("k int primary key", "1")

    with pytest.raises(_aft.Error):
        place.write(
            frame(k=[2, 1], new=["a", "b"]), "append", on_schema_change="append_new_columns"
        )

    assert place.rows() == ["1"]


def failing(columns: pa.Table, before: Callable[[], Any]) -> pa.RecordBatchReader:
    """A frame that does `before` and fails when it has given its rows."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield from columns.to_batches()
        before()
        raise ValueError("the frame fails")

    return pa.RecordBatchReader.from_batches(columns.schema, batches())


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_write_that_fails_drops_no_column(place: Place, mode: str) -> None:
    place.make("k int, old int, check (k < 9)", "1, 7")
    key = ["k"] if mode in KEYED else None
    sync = {"on_schema_change": "sync_all_columns"}
    seen: list[list[str]] = []
    # Others may read the table until its columns change.
    fails = failing(frame(k=[2], new=["a"]), lambda: seen.append(place.rows()))

    with pytest.raises(_aft.Error, match="the frame fails"):
        place.write(fails, mode, key, **sync)
    with pytest.raises(_aft.Error):
        place.write(frame(k=[10], new=["a"]), mode, key, **sync)

    assert seen == [["1|7"]]
    assert place.rows() == ["1|7"]


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_column_that_another_writer_adds_stays(place: Place, mode: str) -> None:
    place.make("k int", "1")
    wider = frame(k=[2], new=["a"])

    def batches() -> Iterator[pa.RecordBatch]:
        yield from wider.to_batches()
        place.run(f"alter table {place.schema}.t add new varchar(9) default 'x'")

    stream = pa.RecordBatchReader.from_batches(wider.schema, batches())
    if place.name in ("sqlite", "unknown-postgres"):
        pytest.skip("the write's own transaction keeps others from changing the table")
    with pytest.raises(_aft.Error):
        place.write(
            stream,
            mode,
            ["k"] if mode in KEYED else None,
            on_schema_change="append_new_columns",
        )

    assert place.rows() == ["1|x"]


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_column_that_another_writer_adds_for_the_same_values_is_used(
    place: Place, mode: str
) -> None:
    place.make("k int", "1")
    wider = frame(k=[2], more=[1], new=["a"])
    adding: dict[str, Any] = {"on_schema_change": "append_new_columns"}
    key = ["k"] if mode in KEYED else None

    def batches() -> Iterator[pa.RecordBatch]:
        yield from wider.to_batches()
        place.write(frame(k=[3], new=["b"]), "append", **adding)

    stream = pa.RecordBatchReader.from_batches(wider.schema, batches())
    place.write(stream, mode, key, **adding)

    assert place.rows("k, new, more") == ["1|NULL|NULL", "2|a|1", "3|b|NULL"]


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
def test_a_column_that_can_not_be_dropped_does_not_undo_the_rows(place: Place) -> None:
    place.make("k int, old int, check (old < k)", "8, 7")

    said = place.write(frame(k=[9]), "append", on_schema_change="sync_all_columns")

    assert place.rows() == ["8|7", "9|NULL"]
    assert said.startswith(
        "the rows are in the table, but aft cannot run ALTER TABLE `merges`.`t` DROP COLUMN "
        "`old`: SQLExecDirect: "
    )
    assert "\n" not in said


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_a_frame_without_a_column_of_the_table_is_refused(place: Place, mode: str) -> None:
    place.make("k int", "1")

    key = ["x"] if mode in KEYED else None
    for policy in ("ignore", "append_new_columns", "sync_all_columns"):
        with pytest.raises(_aft.Error, match="the frame has none of the table's columns"):
            place.write(frame(x=[1]), mode, key, on_schema_change=policy)

    assert place.rows() == ["1"]


@pytest.mark.parametrize("place", ["postgres", "mariadb", "duckdb"], indirect=True)
def test_a_stream_over_the_table_itself_may_bring_new_columns(place: Place) -> None:
    place.make("k int", "1", "2")
    reading = place.connect()
    rows = reading.read(f"select k from {place.schema}.t")
    schema = pa.schema({"k": pa.int32(), "new": pa.int32()})

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in pa.RecordBatchReader.from_stream(rows):
            column = batch.column(0)
            yield pa.record_batch([column, column], schema)
        reading.close()

    stream = pa.RecordBatchReader.from_batches(schema, batches())
    place.write(stream, "append", on_schema_change="append_new_columns")

    nothing = "NULL" if place.server == "mariadb" else ""
    assert sorted(place.rows()) == sorted([f"1|{nothing}", f"2|{nothing}", "1|1", "2|2"])
