# SPDX-License-Identifier: Apache-2.0
"""Makes scripts at random, each with what is right for it to do."""

from __future__ import annotations

import random

from tests.soak import endings, steps
from tests.soak.draft import Draft
from tests.soak.program import Content, Program, Shape


def make(
    shape: Shape,
    old: Content,
    chance: random.Random,
    first_batch: int,
    must_succeed: bool = False,
) -> Program:
    """A script for a model whose table has ``old`` in it; its batches follow that number."""
    draft = Draft(shape, old, first_batch, chance)
    if shape.is_placeholder:
        steps.write(draft)
    # Time is scarce for what has to come to where it hangs.
    most = 2 if shape.has_timeout else 6
    for _ in range(chance.randint(0, most)):
        chance.choice(steps.STEPS)(draft)
    return endings.pick(draft, must_succeed)(draft)
