# SPDX-License-Identifier: Apache-2.0
"""What `ref` and `source` read, on each database."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import aft
import pandas as pd
import pyarrow as pa
import pytest
from aft.errors import AftError, WarehouseError
from aft.warehouse import Warehouse
from aft.write_options import WriteOptions

from tests.unit.python_runtime.place import MANY, ORDERS, Place


def test_columns_conditions_and_a_limit_choose_what_is_read(place: Place) -> None:
    tables = place.tables()

    some = tables.ref(
        ("orders",), None, columns=["select", "id"], where="id > 1 -- not the first", limit=1
    )

    assert some.columns.tolist() == ["select", "id"]
    assert some.values.tolist() in ([["b", 2]], [[None, 3]])
    assert len(tables.ref(("orders",), None, limit=0)) == 0
    assert len(tables.source("raw", "orders", limit=2)) == 2
    assert len(tables.ref(("orders",), None, where="id = 1 or id = 2", limit=9)) == 2


def test_dbts_conditions_hold_beside_those_of_the_script(place: Place) -> None:
    sample, empty = place.tables(sample=("2", "9")), place.tables(empty=True)

    assert list(sample.ref(("orders",), None, where="id = 1 or id = 3")["id"]) == [3]
    assert len(empty.ref(("orders",), None, where="1 = 1 or 1 = 1")) == 0


def test_a_sources_table_takes_rows_but_no_view_is_replaced(place: Place) -> None:
    tables = place.tables()
    frame, relation = pa.table({"id": [1]}), f"{place.schema}.absent"

    for mode in ("append", "upsert", "overwrite", "append"):
        key = "id" if mode == "upsert" else None
        tables.write_source(frame, "raw", "absent", WriteOptions(mode, unique_key=key))

    assert list(tables.source("raw", "absent")["id"]) == [1, 1]
    place.run(f"drop table {relation}")
    place.run(f"create view {relation} as select id from {place.schema}.orders")
    with pytest.raises(AftError) as refused:
        tables.write_source(frame, "raw", "absent", WriteOptions("overwrite"))
    place.run(f"drop view {relation}")
    assert str(refused.value) == (
        f"cannot write '{relation}': it is a view, which a table would replace; drop it, or "
        "write to the table that it reads"
    )


def test_each_kind_of_frame_says_the_same(place: Place) -> None:
    tables = place.tables()

    assert tables.ref(("orders",), None, frame="arrow", limit=3).to_pydict() == (
        ORDERS.to_pydict()
    )
    batches = tables.source("raw", "orders", frame="batches")
    assert isinstance(batches, pa.RecordBatchReader)
    assert pa.Table.from_batches(list(batches)).to_pydict() == ORDERS.to_pydict()
    assert isinstance(tables.ref(("orders",), None), pd.DataFrame)


@pytest.mark.skipif(importlib.util.find_spec("polars") is None, reason="polars is missing")
def test_a_polars_frame_is_given_where_it_is_asked_for(place: Place) -> None:
    frame = place.tables().ref(("orders",), None, frame="polars")

    assert type(frame).__module__.startswith("polars")
    assert frame.to_dict(as_series=False) == ORDERS.to_pydict()


def test_polars_is_asked_for_with_the_command_that_installs_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(AftError) as error:
        place.tables().ref(("orders",), None, frame="polars")

    assert str(error.value) == (
        f"frame='polars' needs polars; install with: {sys.executable} -m pip install polars"
    )


def test_batches_of_no_rows_are_an_empty_one_with_the_columns(place: Place) -> None:
    (batch,) = place.tables(empty=True).ref(("orders",), None, frame="batches")

    assert (batch.num_rows, batch.schema.names) == (0, ORDERS.column_names)


def test_many_streams_are_read_side_by_side(place: Place) -> None:
    tables = place.tables()
    ones = tables.ref(("many",), None, frame="batches", columns=["id"])
    others = tables.ref(("many",), None, frame="batches", where="id >= 0", limit=MANY)

    assert sum(a.num_rows + b.num_rows for a, b in zip(ones, others)) == 2 * MANY


def test_a_model_is_written_from_batches_of_others_and_of_itself(place: Place) -> None:
    tables = place.tables()
    place.write(pa.table({"id": [1, 2]}), "copy")
    own = tables.ref(("copy",), None, frame="batches")

    def frames() -> Iterator[Any]:
        yield from own
        for batch in tables.ref(("many",), None, frame="batches"):
            assert len(tables.ref(("copy",), None)) == 2
            yield batch.slice(0, 2)

    place.write(frames(), "copy")
    place.write(tables.ref(("copy",), None, frame="batches"), "copy")

    copied = list(tables.ref(("copy",), None)["id"])
    assert copied[:4] == [1, 2, 0, 1]
    assert len(copied) > 4


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_read_that_fails_within_a_write_undoes_no_part_of_it(
    place: Place, mode: str
) -> None:
    tables = place.tables()
    place.write(pa.table({"id": [0]}), "copy")
    if place.name == "postgres":
        place.run("create view frames.shown as select id from frames.copy")  # Keeps the table.

    def frames() -> Iterator[Any]:
        yield pa.table({"id": range(1, MANY)})
        with pytest.raises(aft.WarehouseError):
            place.warehouse.read_table("no_such_table")
        assert 0 in tables.ref(("copy",), None, limit=9)["id"].values
        yield pa.table({"id": [MANY]})

    place.warehouse.write(frames(), place.relation("copy"), mode, {})

    first = 0 if mode == "append" else 1
    assert sorted(tables.ref(("copy",), None)["id"]) == list(range(first, MANY + 1))
    if place.name == "postgres":
        place.run("drop view frames.shown")


def test_a_stream_that_is_left_open_keeps_no_table_from_being_replaced(place: Place) -> None:
    tables = place.tables()
    place.fill("copy")
    never, begun = (tables.ref(("copy",), None, frame="batches") for _ in range(2))
    first = next(iter(begun))

    place.write(pa.table({"id": [5]}), "copy")

    assert list(tables.ref(("copy",), None)["id"]) == [5]
    assert first.num_rows + sum(batch.num_rows for batch in begun) == MANY
    assert sum(batch.num_rows for batch in never) == MANY


def test_a_failed_append_leaves_nothing_while_another_thread_writes(place: Place) -> None:
    begun, written = threading.Event(), threading.Event()
    place.write(pa.table({"id": [0]}), "copy")

    def failing() -> Iterator[Any]:
        yield pa.table({"id": [1]})
        begun.set()
        written.wait(0.5)  # It has to wait for its turn.
        raise LookupError("no more")

    def append() -> None:
        begun.wait()
        place.warehouse.write(pa.table({"id": [2]}), place.relation("copy"), "append", {})
        written.set()

    other = threading.Thread(target=append)
    other.start()
    with pytest.raises(LookupError, match="no more"):
        place.warehouse.write(failing(), place.relation("copy"), "append", {})
    other.join()

    assert sorted(place.tables().ref(("copy",), None)["id"]) == [0, 2]


def test_types_of_a_dataframe_follow_the_declared_ones(place: Place) -> None:
    place.run(
        f"create table {place.schema}.typed "
        "(n decimal(12, 0), amount decimal(12, 2), day date)"
    )
    place.run(f"insert into {place.schema}.typed values (12, 3.25, '2024-02-29')")
    tables = place.tables()

    def types(**options: Any) -> list[str]:
        return [str(kind) for kind in tables.ref(("typed",), None, **options).dtypes]

    computed = ["int64", "float64", "datetime64[s]"]
    decimals = ["object", "object"]
    if place.name == "sqlite":
        decimals = computed[:2]  # It keeps no decimals, but integers and floats.
    else:
        assert types(where="1 = 0") == computed
    assert types() == computed
    assert types(decimals="decimal") == [*decimals, "datetime64[s]"]
    assert types(dates="object") == [*computed[:2], "object"]
    tables = place.tables(choices={"decimals": "decimal", "dates": "object"})
    assert types() == [*decimals, "object"]
    assert types(decimals="float", dates="datetime64") == computed
    assert tables.ref(("typed",), None, frame="arrow").schema.field("day").type == pa.date32()


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_infinite_dates_are_null_where_a_read_or_the_project_asks_for_that(
    place: Place,
) -> None:
    place.run(f"drop table if exists {place.schema}.typed")
    place.run(f"create table {place.schema}.typed as select date 'infinity' as day")
    name, query = ("typed",), f"select day from {place.schema}.typed"

    assert place.tables().ref(name, None, infinite_dates="null")["day"].isna().all()
    assert place.tables().read_sql(query, infinite_dates="null")["day"].isna().all()
    chosen = place.tables(choices={"infinite_dates": "null"})
    assert chosen.execute_sql(query)["day"].isna().all()
    with pytest.raises(AftError, match="row 1 holds 'infinity'"):
        chosen.ref(name, None, infinite_dates="error")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"frame": "panda"},
            "there is no frame 'panda'; did you mean 'pandas'? (the frames are 'pandas', "
            "'polars', 'arrow' and 'batches')",
        ),
        (
            {"frame": None},
            "there is no frame None (the frames are 'pandas', 'polars', 'arrow' and "
            "'batches')",
        ),
        (
            {"columns": ["id", "amout"]},
            "there is no column 'amout' in 'orders'; did you mean 'amount'?",
        ),
        ({"columns": ["zzz"]}, "there is no column 'zzz' in 'orders'"),
        (
            {"columns": "id"},
            '\'columns\' takes a list of names, such as ["id", "amount"]',
        ),
        ({"columns": []}, '\'columns\' takes a list of names, such as ["id", "amount"]'),
        ({"columns": ["id", "id"]}, "'columns' names 'id' more than once"),
        ({"where": 3}, "'where' takes a condition in SQL, such as \"amount > 10\""),
        ({"limit": -1}, "'limit' takes a number of rows, and not -1"),
        ({"decimals": "money"}, "'decimals' must be 'float' or 'decimal', and not 'money'"),
        (
            {"frame": "arrow", "dates": "object"},
            "'dates' is for pandas frames, and not for 'arrow'",
        ),
        ({"limit": "3"}, "'limit' takes a number of rows, and not '3'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    place: Place, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(AftError) as refused:
        place.tables().ref(("orders",), None, **options)

    assert str(refused.value) == message


def test_an_error_in_the_middle_of_a_stream_keeps_its_kind(place: Place) -> None:
    with pytest.raises(WarehouseError):
        for _ in place.tables().ref(("orders",), None, frame="batches", where="nothing = 1"):
            pass


@pytest.mark.parametrize("options", [{}, {"frame": "batches"}, {"columns": ["id"]}])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unbuilt", "model 'unbuilt' has no table yet; build it: dbt run --select unbuilt ("),
        (
            "unwritten",
            "model 'unwritten' is ephemeral, and no script has written a table for it; read "
            "the models that it selects from, or materialize it as a view (",
        ),
        ("seed", "seed 'seed' has no table yet; build it: dbt seed --select seed ("),
        (
            "raw.absent",
            "source 'raw.absent' has no table yet; whatever loads it has to run first (",
        ),
    ],
)
def test_what_is_missing_says_how_to_build_it(
    place: Place, name: str, message: str, options: dict[str, Any]
) -> None:
    tables = place.tables()
    source, _, table = name.rpartition(".")
    read = partial(tables.ref, (name,), None)
    if source:
        read = partial(tables.source, source, table)

    with pytest.raises(WarehouseError) as missing:
        read(**options)

    assert str(missing.value).startswith(message)


def test_rows_that_were_replaced_do_not_count_as_written(place: Place) -> None:
    warehouse = Warehouse(place.target)
    copy = place.relation("copy")

    for mode, rows in (("overwrite", 200), ("overwrite", 1), ("append", 2)):
        warehouse.write(pa.table({"id": range(rows)}), copy, mode, {})

    assert warehouse.meter.rows_written == 3
    warehouse.close()


def test_any_database_is_read_and_written_by_its_connection_string(place: Place) -> None:
    table = f"{place.schema}.direct"

    aft.write_table(place.string, pd.DataFrame({"a": [1, 2]}), table)
    aft.write_table(place.string, pa.table({"a": [3]}), table, mode="append")

    assert aft.read_sql(place.string, f"select a from {table} order by a")["a"].tolist() == [
        1,
        2,
        3,
    ]
    batches = aft.read_sql(place.string, f"select a from {table}", frame="batches")
    assert sum(batch.num_rows for batch in batches) == 3
    with pytest.raises(aft.WarehouseError):
        aft.read_sql(place.string, "select nothing from nowhere")


def test_connections_of_streams_are_used_again(place: Place) -> None:
    tables = place.tables()
    pool = place.warehouse._pool

    for take in (0, 1, None):
        stream = tables.ref(("many",), None, frame="batches")
        list(itertools.islice(stream, take))
        del stream

    assert not pool._leased
    assert not pool._reading
