# SPDX-License-Identifier: Apache-2.0
"""Views on a table of PostgreSQL whose columns change: they keep the old rows for a while."""

from __future__ import annotations

from typing import Any

import pytest
from aft import _aft

from tests.support.place import Place, frame

pytestmark = pytest.mark.parametrize("place", ["postgres"], indirect=True)
OLD = "aft_old_0123456789abcdef"


def built(place: Place, *names: str) -> list[dict[str, Any]]:
    """Views that the run builds after the write."""
    return [
        {**place.relation(), "identifier": name, "quote_identifier": False} for name in names
    ]


def test_a_view_that_the_run_does_not_build_is_named_and_the_rows_stay(place: Place) -> None:
    place.make("a int", "42")
    place.run("create view merges.v as select a from merges.t")

    with pytest.raises(_aft.Error, match=r"view 'merges\.v' depends on its old columns, and"):
        place.write(frame(b=[1]), "overwrite")

    assert place.run("select a from merges.v") == ["42"]


def test_views_that_are_built_anew_keep_the_old_rows_until_then(place: Place) -> None:
    place.make("a int", "42")
    place.run("create view merges.v as select a from merges.t")
    place.run("create view merges.w as select a from merges.v")
    with pytest.raises(_aft.Error, match=r"view 'merges\.w' depends on its old columns, and"):
        place.write(frame(b=[1]), "overwrite", rebuilt=built(place, "V"))

    said = place.write(frame(b=[1]), "overwrite", rebuilt=built(place, "V", "W"))

    assert said == (
        "'merges.t' has other columns now: until this run has built them anew, these views "
        "have the old rows: 'merges.w', 'merges.v'"
    )
    assert place.rows("b") == ["1"]
    assert place.run("select a from merges.w") == ["42"]
    (old,) = (name for name in place.tables() if name.startswith("aft_old_"))

    # Whoever has not built a view hears of it, until nobody reads the old rows.
    assert place.write(frame(b=[2]), "overwrite") == (
        f"the old rows in 'merges.{old}' are still read by merges.v, which nobody has built "
        "since; rebuild or drop them"
    )
    place.run("drop view merges.v cascade")
    place.run("create view merges.v as select b from merges.t")
    assert place.write(frame(b=[3]), "overwrite") == ""
    assert sorted(place.tables()) == ["t", "v"]
    assert place.run("select b from merges.v") == ["3"]


def test_a_table_that_others_refer_to_is_not_set_aside(place: Place) -> None:
    place.make("a int primary key", "42")
    place.run("create view merges.v as select a from merges.t")
    place.run("create table merges.o (a int references merges.t (a))")

    with pytest.raises(
        _aft.Error, match=r"table merges\.o refers to it by .*, and its columns are others now"
    ):
        place.write(frame(b=[1]), "overwrite", rebuilt=built(place, "v"))

    assert place.rows("a") == ["42"]


def test_old_rows_that_are_being_read_stay_until_the_next_write(place: Place) -> None:
    place.make("a int")
    place.run(f"create table merges.{OLD} (a int)")
    reader = _aft.Connection(place.string)
    reader.execute("begin")
    reader.execute(f"select * from merges.{OLD}")

    assert place.write(frame(a=[1]), "overwrite") == (
        f"an earlier write has left 'merges.{OLD}', which is being read; the next one drops it"
    )
    reader.close()
    place.write(frame(a=[1]), "overwrite")

    assert place.tables() == ["t"]
