# SPDX-License-Identifier: Apache-2.0
"""An ordinary user, for tests that root would pass whatever the code did."""

NOBODY = 65534
# What starts a program as that user, for root alone.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
