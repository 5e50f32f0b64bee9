# SPDX-License-Identifier: Apache-2.0
"""The error that scripts meet when aft can't do what they ask for."""


class AftError(Exception):
    """Something that was asked of aft can't be done; the message says what to do."""


AftError.__module__ = "aft"
AftError.__qualname__ = "Error"
