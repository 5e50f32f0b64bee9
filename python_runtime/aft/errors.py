# SPDX-License-Identifier: Apache-2.0
"""The errors that scripts meet when aft can't do what they ask for."""

from __future__ import annotations


class AftError(Exception):
    """Something that was asked of aft can't be done; the message says what to do."""


class WarehouseError(AftError):
    """The warehouse has refused something. ``sqlstate`` is ODBC's code for the reason.

    ``is_undone`` says that nothing has changed for sure, and ``is_unknown`` that nobody
    can tell.
    """

    def __init__(
        self,
        message: str,
        sqlstate: str,
        native_code: int,
        *,
        is_undone: bool = False,
        is_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_undone = is_undone
        self.is_unknown = is_unknown
        self.sqlstate = sqlstate
        self.native_code = native_code


class NoConnection(AftError):
    """It is not known how to reach the target's data, which not every script needs."""


# Scripts know them as aft.Error and aft.WarehouseError, and so do their tracebacks.
AftError.__qualname__ = NoConnection.__qualname__ = "Error"
for _error in (AftError, WarehouseError, NoConnection):
    _error.__module__ = "aft"
