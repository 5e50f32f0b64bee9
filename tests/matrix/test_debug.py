# SPDX-License-Identifier: Apache-2.0
"""`aft debug` knows each dbt that runs are followed with."""

from __future__ import annotations

import pytest

from tests.matrix.entry import Entry
from tests.support.project import Project


@pytest.mark.before(2, reason="aft debug asks the Python of dbt, and dbt 2 has none")
@pytest.mark.adapters("postgres", "mysql", "sqlite")
def test_debug_says_how_a_dbt_is_followed(entry: Entry, shop: Project) -> None:
    run = shop.aft("debug")

    assert f"  OK, dbt-core {entry.name.partition('-')[0]}." in run.output
    followed = run.output.splitlines()[run.line("  runs are followed:")]
    assert ("in stages" in followed) == (entry.version < (1, 8))
