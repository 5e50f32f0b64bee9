# SPDX-License-Identifier: Apache-2.0
"""What has no JSON is refused, with its place and the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from aft.nested_values import NoJson, as_json, from_arrow


def objects(*values: Any) -> np.ndarray[Any, Any]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@pytest.mark.parametrize(
    "value",
    [{1: "x"}, [{1: "x"}], objects({1: "x"}), {"a": objects({1: "x"})}, [objects([{1: 2}])]],
)
def test_a_key_that_is_no_text_is_refused_at_any_depth(value: Any) -> None:
    with pytest.raises(NoJson) as refused:
        as_json([{"a": 1}, value])

    assert (refused.value.at, str(refused.value)) == (1, "its key 1 is no text")


def test_a_struct_with_two_fields_of_one_name_is_refused_at_its_place() -> None:
    twice = pa.struct([pa.field("a", pa.int64()), pa.field("a", pa.int64())])
    array = pa.StructArray.from_buffers(
        twice, 1, [None], children=[pa.array([1]), pa.array([2])]
    )

    with pytest.raises(NoJson, match="duplicate field names") as refused:
        from_arrow(array)

    assert refused.value.at == 0
