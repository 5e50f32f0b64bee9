# SPDX-License-Identifier: Apache-2.0
"""Lets what programs written for fal import be found in each Python of this environment.

`dbt-aft-fal.pth` has Python load this at its start, so it imports nothing itself. Modules
that an installed package has go first.
"""

import sys


class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):  # noqa: ARG004
        if name.partition(".")[0] not in ("fal", "faldbt"):
            return None
        from aft import fal_names

        return fal_names.find(name)


sys.meta_path.append(_Finder)
