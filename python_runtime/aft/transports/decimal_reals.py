# SPDX-License-Identifier: Apache-2.0
"""The doubles next to decimals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

# Every decimal of so many digits survives in a double.
_SAFE = 10**15
# Powers of ten up to this one are doubles.
_LARGEST_POWER = 22


def nearest_reals(values: pa.Array) -> tuple[pa.Array, int]:
    """The doubles, and how many of them, printed as short as can be, are another decimal.

    pyarrow's own cast misses the nearest double.
    """
    scale = values.type.scale
    low, high = _words(values.cast(pa.decimal128(38, scale)))
    is_null = np.asarray(values.is_null())
    is_short = (high == low >> 63) & (low > -_SAFE) & (low < _SAFE)
    # One division of two exact numbers is rounded once.
    is_done = is_null | (is_short if scale <= _LARGEST_POWER else np.zeros_like(is_null))
    reals = np.where(is_null, 0, low) / 10.0**scale
    rounded = 0
    for at in np.flatnonzero(~is_done):
        value = values[at].as_py()
        real = reals[at] = float(value)
        rounded += Decimal(repr(real)) != value
    return pa.array(reals, pa.float64(), mask=is_null), rounded


def _words(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper 64 bits of each."""
    words = np.frombuffer(values.buffers()[1] or b"", np.int64)
    own = words[2 * values.offset :][: 2 * len(values)]
    return own[::2], own[1::2]
