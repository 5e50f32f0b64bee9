# SPDX-License-Identifier: Apache-2.0
"""Arguments that name columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aft.errors import AftError

# Others that can be looped over.
NO_LISTS = (str, bytes, Mapping, set, frozenset)


def column_names(argument: str, given: object, usage: str) -> tuple[str, ...]:
    """The names in a list, a generator or the like, which is used up.

    Raises AftError that says what ``argument`` takes, its ``usage``. A set is none: it has
    no order.
    """
    names: tuple[object, ...] = ()
    if isinstance(given, Iterable) and not isinstance(given, NO_LISTS):
        names = tuple(given)
    texts = tuple(name for name in names if isinstance(name, str) and name)
    if not texts or len(texts) < len(names):
        raise AftError(f"{argument!r} takes {usage}")
    for name in texts:
        if texts.count(name) > 1:
            raise AftError(f"{argument!r} names '{name}' more than once")
    return texts
