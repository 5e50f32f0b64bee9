# SPDX-License-Identifier: Apache-2.0
"""What becomes of keys, defaults, grants and the like where a new table takes the place."""

from __future__ import annotations

import pyarrow as pa
import pytest
from aft import _aft

from tests.support.place import Place, frame


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    ("mode", "there"),
    [("overwrite", True), ("overwrite", False), ("append", False), ("upsert", False)],
)
def test_a_grant_that_fails_leaves_all_as_it_was(place: Place, mode: str, there: bool) -> None:
    if there:
        place.make("k int", "42")
    grants = ["GRANT SELECT ON merges.t TO nobody_of_that_name"]

    with pytest.raises(_aft.Error, match="any matching row in the user"):
        place.write(frame(k=[1]), mode, ["k"] if mode == "upsert" else None, then=grants)

    assert place.tables() == (["t"] if there else [])
    assert not there or place.rows() == ["42"]


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
def test_a_table_of_the_same_columns_is_made_like_the_old_one(place: Place) -> None:
    place.make(
        "id int auto_increment primary key, k int not null default 7 comment 'mine', "
        "s varchar(9) collate utf8mb4_bin, unique key (s), check (k > 0)",
        "1, 42, 'x'",
    )
    before = place.run("show create table merges.t")

    said = place.write(frame(k=[1, 2], s=["x", "X"]), "overwrite")
    with pytest.raises(_aft.Error, match="Duplicate entry"):
        place.write(frame(k=[1, 2], s=["x", "x"]), "overwrite")

    assert said == ""
    assert place.rows("id, k, s") == ["1|1|x", "2|2|X"]
    assert place.run("show create table merges.t")[1:-1] == before[1:-1]


@pytest.mark.parametrize("place", ["sqlite", "mariadb", "duckdb"], indirect=True)
def test_what_a_new_table_lacks_is_named(place: Place) -> None:
    place.make("k int primary key, v int not null default 7, unique (v)", "1, 1")
    trigger = {
        "sqlite": "main.g before insert on t for each row begin select 1; end",
        "mariadb": "merges.g before insert on merges.t for each row set new.v = 1",
    }
    if place.server in trigger:
        place.run(f"create trigger {trigger[place.server]}")

    said = place.write(frame(k=[1], w=[2]), "overwrite")

    lost = {
        "sqlite": "primary key, trigger g, unique key 0, NOT NULL of v, default of v",
        "mariadb": "primary key, index v, NOT NULL of k, NOT NULL of v, default of v, "
        "trigger g",
        "duckdb": "NOT NULL of k, NOT NULL of v, constraint PRIMARY KEY(k), constraint "
        "UNIQUE(v), default of v",
    }
    assert said == (
        f"'{place.schema}.t' is a new table, without what the old one had: "
        + lost[place.server]
    )
    assert place.write(frame(k=[1], x=[2]), "overwrite") == ""


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        ("alter table merges.t enable row level security", "it has row-level security"),
        ("create table merges.p partition of merges.t default", "it is partitioned"),
        (
            "create table merges.p (k int); alter table merges.t inherit merges.p",
            "it inherits from another table",
        ),
    ],
)
def test_a_new_table_does_not_show_or_hold_more(place: Place, guard: str, reason: str) -> None:
    place.run(
        "create table merges.t (k int)"
        + (" partition by range (k)" if "partition of" in guard else "")
    )
    place.run(guard)
    place.run("insert into merges.t values (1)")

    with pytest.raises(_aft.Error, match=f"{reason}, and its columns are others now"):
        place.write(frame(v=[1]), "overwrite")

    assert place.rows() == ["1"]
    place.write(frame(k=pa.array([2], pa.int32())), "overwrite")
    assert place.rows() == ["2"]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_what_a_new_table_lacks_is_named_on_postgresql(place: Place) -> None:
    place.make("k int primary key, v int default 7", "1, 1")
    place.run("create index on merges.t (v); create index same on merges.t (k)")
    place.run("comment on column merges.t.v is 'old'; grant select on merges.t to public")
    place.run("alter table merges.t set unlogged; alter table merges.t replica identity full")

    said = place.write(
        frame(k=[1], w=[1]),
        "overwrite",
        if_new=["CREATE INDEX ON merges.t (k)", "COMMENT ON COLUMN merges.t.w IS 'new'"],
    )

    assert said == (
        "'merges.t' is a new table, without what the old one had: constraint PRIMARY KEY (k), "
        "index btree (v), NOT NULL of k, default of v, grant of SELECT to public, comment on "
        "column v, UNLOGGED, replica identity"
    )


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "is_kept"),
    [
        ("text not null", False),
        ("text default 'x'", False),
        ('text collate "C"', False),
        ("text check (v <> '')", False),
        ("character varying", False),
        ("TEXT", True),
    ],
)
def test_what_is_asked_for_beside_a_type_is_there_then(
    place: Place, asked: str, is_kept: bool
) -> None:
    place.make("k bigint, v text")
    place.run("create index on merges.t (k)")
    table_id = place.run("select 'merges.t'::regclass::oid")

    place.write(frame(k=[1], v=["a"]), "overwrite", column_types={"v": asked})

    assert (place.run("select 'merges.t'::regclass::oid") == table_id) == is_kept


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_table_that_has_what_is_asked_for_beside_a_type_stays(place: Place) -> None:
    place.make('k bigint not null, v text collate "C"')
    table_id = place.run("select 'merges.t'::regclass::oid")

    for types in {"k": "int8 not null"}, {"v": 'text collate "C"'}, {"v": "text"}:
        place.write(frame(k=[1], v=["a"]), "overwrite", column_types=types)

    assert place.run("select 'merges.t'::regclass::oid") == table_id
