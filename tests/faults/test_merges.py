# SPDX-License-Identifier: Apache-2.0
"""Rows that replace others by their key."""

from __future__ import annotations

import pyarrow as pa
import pytest
from aft import _aft

from tests.support.place import Place, frame

KEYED = ("upsert", "delete+insert")


@pytest.mark.parametrize("mode", KEYED)
def test_rows_with_a_key_of_the_frame_are_replaced(place: Place, mode: str) -> None:
    place.make(
        "day varchar(9) not null, id int not null, v varchar(9), other varchar(9), unique (v)",
        "'mo', 1, 'a', 'x'",
        "'mo', 2, 'b', 'y'",
        "'tu', 1, 'c', 'z'",
    )

    place.write(frame(id=[1, 9], v=["new", "more"], day=["tu", "tu"]), mode, ["day", "id"])
    # Unlike a key, another unique index decides nothing.
    with pytest.raises(_aft.Error):
        place.write(frame(id=[3], v=["a"], day=["mo"]), mode, ["day", "id"])

    kept = "z" if mode == "upsert" else ""
    nothing = "NULL" if place.server == "mariadb" else ""
    assert place.rows("day, id, v, other") == [
        "mo|1|a|x",
        "mo|2|b|y",
        f"tu|1|new|{kept or nothing}",
        f"tu|9|more|{nothing}",
    ]
    assert place.tables() == ["t"]


@pytest.mark.parametrize("mode", KEYED)
def test_keys_that_are_none_are_refused_by_name(place: Place, mode: str) -> None:
    place.make("k int, s varchar(9)", "1, 'old'")
    what = "upsert into" if mode == "upsert" else "delete and insert in"
    refusal = f"cannot {what} '{place.schema}.t': the frame's row with "

    with pytest.raises(_aft.Error) as none:
        place.write(frame(k=pa.array([1, None], pa.int32()), s=["x", "y"]), mode, ["s", "k"])
    with pytest.raises(_aft.Error) as twice:
        place.write(frame(k=[7, 8, 7], s=["x", "y", "z"]), mode, ["k"])

    assert str(none.value) == refusal + "s = 'y', k = NULL has a NULL in its key"
    assert str(twice.value) == refusal + "k = '7' is there more than once"
    assert place.rows() == ["1|old"]
    assert place.tables() == ["t"]


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize("mode", KEYED)
def test_keys_are_compared_as_the_column_compares_them(place: Place, mode: str) -> None:
    place.run(
        'create collation merges."Any case" '
        "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    place.make('k text collate merges."Any case", v int', "'Zed', 1")
    for keys in (["A", "a"], ["ZED", "zed"]):
        with pytest.raises(_aft.Error, match=r"(?i)k = '(a|zed)' is there more than once"):
            place.write(frame(k=keys, v=[2, 3]), mode, ["k"])

    place.write(frame(k=["ZED"], v=[4]), mode, ["k"])
    place.write(frame(k=place.rows("k")), "overwrite")

    assert place.rows() == ["Zed" if mode == "upsert" else "ZED"]
    assert place.run("select 1 from merges.t where k = 'zed'") == ["1"]


@pytest.mark.parametrize("place", ["postgres", "mariadb", "duckdb"], indirect=True)
def test_a_key_that_the_frame_lacks_is_refused_before_a_schema_is_made(place: Place) -> None:
    place.schema = "merges_new"

    with pytest.raises(_aft.Error, match="unique_key names a column 'x', which the frame"):
        place.write(frame(k=[1]), "upsert", ["x"])

    assert (
        place.run("select 1 from information_schema.schemata where schema_name = 'merges_new'")
        == []
    )


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
def test_a_foreign_key_that_follows_updates_follows_an_upsert(place: Place) -> None:
    place.make("k int primary key, code varchar(9) unique", "1, 'a'", "2, 'b'")
    place.run(
        "create table merges.o (code varchar(9), foreign key (code) "
        "references merges.t (code) on update cascade)"
    )
    place.run("insert into merges.o values ('a'), ('b')")

    place.write(frame(k=[1, 3], code=["new", "more"]), "upsert", ["k"])

    assert place.run("select code from merges.o order by code") == ["b", "new"]
    place.run("drop table merges.o")


@pytest.mark.parametrize("mode", KEYED)
def test_a_table_that_is_missing_is_made(place: Place, mode: str) -> None:
    with pytest.raises(_aft.Error, match="k = '1' is there more than once"):
        place.write(frame(k=[1, 1]), mode, ["k"])
    assert place.tables() == []

    place.write(frame(k=[1, 2]), mode, ["k"])

    assert place.rows() == ["1", "2"]
    assert place.tables() == ["t"]


COUNTS = {
    "postgres": "id int generated always as identity",
    "mariadb": "id int auto_increment primary key",
    "sqlite": "id integer primary key",
    "duckdb": "id int default nextval('merges.ids')",
}


@pytest.mark.parametrize("mode", ["append", *KEYED])
def test_the_database_fills_what_the_frame_leaves_out(place: Place, mode: str) -> None:
    twice = "twice int generated always as (k * 2) stored"
    if place.name == "duckdb":
        place.run("create sequence merges.ids")
        twice = twice.replace("stored", "virtual")
    place.make(f"k int, {COUNTS[place.server]}, s varchar(9) default 'x', {twice}")
    # Nobody says of a database that aft doesn't know what it fills.
    policy = "fail" if not place.name.startswith("unknown") else ""

    place.write(
        frame(k=[1, 2]), mode, ["k"] if mode in KEYED else None, on_schema_change=policy
    )

    assert place.rows("k, s, twice") == ["1|x|2", "2|x|4"]
    # Which of the rows is the first is up to the server.
    assert sorted(place.rows("id")) == ["1", "2"]


TEXTS = ["varchar(255)", "text", "tinytext", "char(200)", "longblob", "varbinary(900)"]


@pytest.mark.parametrize("place", ["mariadb"], indirect=True)
@pytest.mark.parametrize(
    "types",
    [["varchar(255)"] * 4, ["text"] * 5, ["enum('text', 'x')"], ["char(2)"] * 17, TEXTS * 3],
    ids=["long", "unlimited", "enum", "many", "mixed"],
)
def test_any_columns_may_be_a_key(place: Place, types: list[str]) -> None:
    names = [f"k{n}" for n in range(len(types))]
    declared = [f"{name} {kind}" for name, kind in zip(names, types, strict=True)]
    place.make(", ".join([*declared, "v int"]), ", ".join([*("'x'" for _ in names), "1"]))
    keys = {
        name: pa.array([b"x"] if "b" in kind.replace("char(2)", "") else ["x"])
        for name, kind in zip(names, types, strict=True)
    }

    for mode, value in zip(KEYED, (2, 3), strict=True):
        place.write(frame(**keys, v=[value]), mode, names)
        assert place.rows("v") == [str(value)]


@pytest.mark.parametrize("mode", ["append", *KEYED])
@pytest.mark.parametrize("name", ["aft_s", "aft_t"])
def test_a_table_may_have_any_name(place: Place, mode: str, name: str) -> None:
    place.table = name
    if place.name == "sqlite":
        place.is_qualified = False
    place.make("k int, v int", "1, 1", "2, 2")

    place.write(frame(k=[2, 3], v=[20, 30]), mode, ["k"] if mode in KEYED else None)

    old = ["2|2"] if mode == "append" else []
    assert place.rows() == ["1|1", *old, "2|20", "3|30"]


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
def test_rows_that_a_foreign_key_would_delete_are_kept(place: Place) -> None:
    place.make("k int primary key", "1")
    place.run(
        "create table merges.o (k int, constraint refers foreign key (k) "
        "references merges.t (k) on delete cascade)"
    )
    place.run("insert into merges.o values (1)")
    try:
        with pytest.raises(
            _aft.Error, match=r"table merges\.o refers to it by the foreign key"
        ):
            place.write(frame(k=[1]), "delete+insert", ["k"])
        place.write(frame(k=[1]), "upsert", ["k"])

        assert place.run("select k from merges.o") == ["1"]
    finally:
        place.run("drop table merges.o")


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
@pytest.mark.parametrize("action", ["cascade", "set null"])
def test_rows_that_refer_to_others_of_their_table_are_kept(place: Place, action: str) -> None:
    refers = "constraint refers foreign key (parent) references merges.t (k)"
    place.make(
        f"k int primary key, parent int, {refers} on delete {action}", "1, null", "2, 1"
    )

    with pytest.raises(
        _aft.Error, match="its own rows refer to others by the foreign key refers; without"
    ):
        place.write(frame(k=[1]), "delete+insert", ["k"])

    assert place.rows("k, coalesce(parent, 0)") == ["1|0", "2|1"]


@pytest.mark.parametrize("place", ["postgres", "mariadb", "duckdb"], indirect=True)
def test_the_server_decides_on_rows_that_others_only_refer_to(place: Place) -> None:
    place.make("k int primary key, v int", "1, 1", "2, 2")
    place.run("create table merges.o (k int, foreign key (k) references merges.t (k))")
    place.run("insert into merges.o values (1)")

    place.write(frame(k=[2], v=[20]), "delete+insert", ["k"])
    with pytest.raises(_aft.Error, match=r"(?i)foreign key constraint"):
        place.write(frame(k=[1], v=[10]), "delete+insert", ["k"])

    assert place.rows() == ["1|1", "2|20"]
    place.run("drop table merges.o")


@pytest.mark.parametrize("place", ["postgres", "mariadb"], indirect=True)
def test_a_table_of_the_same_name_elsewhere_is_another(place: Place) -> None:
    place.make("k int primary key", "1")
    place.run("create schema merges_too")
    place.run(
        "create table merges_too.t (k int, foreign key (k) references merges.t (k) "
        "on delete cascade)"
    )
    try:
        with pytest.raises(_aft.Error, match=r"table merges_too\.t refers to it by the"):
            place.write(frame(k=[1]), "delete+insert", ["k"])
    finally:
        place.run("drop table merges_too.t")
        place.run("drop schema merges_too")
