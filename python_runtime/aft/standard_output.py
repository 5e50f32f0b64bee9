# SPDX-License-Identifier: Apache-2.0
"""A standard output that says in one line that it cannot be written."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from aft.errors import AftError


class _Unwritable(AftError):
    pass


class _Output(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise  # Nobody reads any more, which is no fault.
        except OSError as error:
            raise _Unwritable(
                f"cannot write to standard output: {error.strerror}; what was written is not "
                "complete"
            ) from None


@contextlib.contextmanager
def checked() -> Iterator[None]:
    """Within it, raise AftError for what cannot be written."""
    output = io.BufferedWriter(_Output(sys.stdout.fileno(), "w", closefd=False))
    sys.stdout = io.TextIOWrapper(output, sys.stdout.encoding, sys.stdout.errors)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except _Unwritable:
        # Python would write what is left once again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
