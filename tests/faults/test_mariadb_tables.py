# SPDX-License-Identifier: Apache-2.0
"""What MariaDB's tables do with values, and what a copy of one would take along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import pyarrow as pa
import pytest
from aft import _aft

from tests.support import databases
from tests.support.place import Place, frame, on_server

NOON = datetime(2024, 1, 1, 12, tzinfo=timezone.utc)
REPLACING = {
    "timestamp not null default current_timestamp": [NOON, None],
    "int auto_increment unique": [5, None],
}


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = request.getfixturevalue("mariadb")
    with on_server(databases.database("mariadb", server), "merges") as made:
        yield made


@pytest.mark.parametrize("mode", ["append", "upsert", "delete+insert"])
@pytest.mark.parametrize("declared", REPLACING)
def test_a_null_that_the_server_would_replace_is_refused(
    place: Place, mode: str, declared: str
) -> None:
    place.make(f"k int, v {declared}")
    key = ["k"] if mode != "append" else None

    for values in (REPLACING[declared], pa.nulls(2)):
        with pytest.raises(_aft.Error, match=r"column 'v', row [12] holds NULL, for which"):
            place.write(frame(k=[1, 2], v=values), mode, key)

    assert place.rows() == []


@pytest.mark.parametrize("declared", REPLACING)
def test_an_overwrite_holds_a_null_that_the_old_table_would_replace(
    place: Place, declared: str
) -> None:
    place.make(f"k int, v {declared}")

    with pytest.raises(_aft.Error) as refused:
        place.write(frame(k=[1, 2], v=REPLACING[declared]), "overwrite")
    assert refused.value.misfit == "v"
    said = place.write(frame(k=[1, 2], v=REPLACING[declared]), "overwrite", renewed=["v"])

    assert place.rows("k, v is null") == ["1|0", "2|1"]
    assert "default of v" in said


@pytest.mark.parametrize(
    ("columns", "ending", "lacks"),
    [
        ("k int primary key, s varchar(9)", "character set latin1", "primary key"),
        ("k int, s varchar(9) as (concat('x', k))", "", "default of s"),
        ("k int, s varchar(9)", "engine = merge", "engine MRG_MyISAM"),
        (
            "k int, s varchar(9)",
            "partition by list (k) (partition p values in (1))",
            "partiti",
        ),
        ("k int, s varchar(9)", "with system versioning", "system versioning"),
    ],
)
def test_a_table_that_would_not_take_the_rows_gives_way_to_a_plain_one(
    place: Place, columns: str, ending: str, lacks: str
) -> None:
    place.run(f"create table merges.t ({columns}) {ending}")

    said = place.write(frame(k=[1, 7], s=["a", "\u65e5"]), "overwrite")

    assert place.rows() == ["1|a", "7|\u65e5"]
    assert place.run(
        "select engine from information_schema.tables where table_name = 't'"
    ) == ["InnoDB"]
    assert lacks in said
