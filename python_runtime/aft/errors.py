# SPDX-License-Identifier: Apache-2.0
"""The errors that scripts meet when aft can't do what they ask for."""

from __future__ import annotations

from typing import Any


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

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes it again in another process, from where an executor sends it."""
        return type(self), (*self.args, self.sqlstate, self.native_code), self.__dict__


class NoConnection(AftError):
    """It is not known how to reach the target's data, which not every script needs."""

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes an AftError of it in another process: scripts know no other name."""
        return AftError, self.args


class NoLibrary(AftError):
    """unixODBC can't be loaded. The message ends in the command that installs it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes an AftError of it in another process: scripts know no other name."""
        return AftError, self.args


class Misfit(AftError):
    """A value isn't one of the type that a column keeps when its table is overwritten."""

    def __init__(self, message: str, column: str) -> None:
        super().__init__(message)
        self.column = column

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes an AftError of it in another process: scripts know no other name."""
        return AftError, self.args


# Scripts know them as aft.Error and aft.WarehouseError, and so do their tracebacks.
for _name, _error in (
    ("Error", AftError),
    ("Error", NoConnection),
    ("Error", NoLibrary),
    ("Error", Misfit),
    ("WarehouseError", WarehouseError),
):
    _error.__name__ = _error.__qualname__ = _name
    _error.__module__ = "aft"
