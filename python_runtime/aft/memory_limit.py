# SPDX-License-Identifier: Apache-2.0
"""Holds a script to its memory where there are no control groups."""

from __future__ import annotations

import os
import resource

from aft.errors import AftError


def limit_memory(limit: int | None) -> None:
    """Hold this process, and each one that it starts, to ``limit`` bytes of data."""
    if limit is None:
        return
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    if limit <= taken:
        raise AftError(
            f"the script's 'memory' of {limit} bytes is less than the {taken} bytes that "
            "Python takes with its libraries; allow more"
        )
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
